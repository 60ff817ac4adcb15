import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** All that is routed on the internet is in here; what lies outside, such as `::127.0.0.1`, was never given to anybody. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Looks public, and is the host of every VM in Azure: it answers with the VM's configuration. */
const AZURE_HOST = ipaddr.IPv4.parse('168.63.129.16');

/**
 * An address in the one notation that is left of it in URLs and DNS answers; `undefined` for everything else, such as a name.
 * IPv4 written as IPv6 (`::ffff:10.0.0.1`) is IPv4: that is what gets connected to.
 */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * Whether it is an address of the public internet: not private, loopback, link-local, multicast, shared (100.64.0.0/10), for
 * documentation or otherwise reserved, nor where clouds answer with credentials. What wraps an IPv4 address (6to4, Teredo,
 * NAT64) is not public either, whatever is inside.
 */
export function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv6 ? address.match(GLOBAL_UNICAST) : !address.match(AZURE_HOST, 32);
}
