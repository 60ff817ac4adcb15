import { isInRange, parseAddressRange, type AddressRange } from './address-range.ts';
import { parseAddress, type Address } from './address.ts';
import { isHostName } from './host-name.ts';
import type { HttpProtocol, HttpTarget } from './http-target.ts';

/** `*`, `api.example.com`, `*.example.com`, `10.0.0.0/8`; before it perhaps `http://`, after it perhaps `:8080`. */
export interface RuleEntry {
  readonly protocol: HttpProtocol | undefined;
  readonly port: number | undefined;
  readonly hosts: RuleHosts;
}

type RuleHosts =
  | { readonly kind: 'all' }
  | { readonly kind: 'name'; readonly name: string }
  /** The suffix begins with its dot. */
  | { readonly kind: 'subdomains'; readonly suffix: string }
  | { readonly kind: 'range'; readonly range: AddressRange };

/** Scheme, host (in brackets: an IPv6 address with a port, or before one), port. */
const ENTRY = /^(?:(https?:)\/\/)?(?:\[([^[\]]+)\]|([^[\]:@?#]+|[\da-f:.]+(?:\/\d+)?))(?::(\d{1,5}))?$/i;
const MAX_PORT = 65_535;

/** @throws Error that says what is wrong with it */
export function parseRuleEntry(text: string): RuleEntry {
  const [, protocol, bracketed, bare = '', portText] = ENTRY.exec(text) ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > MAX_PORT)) throw new Error(`must have a port of 1 to ${MAX_PORT}`);
  const range = parseAddressRange(bracketed ?? bare);
  const hosts: RuleHosts | undefined = range
    ? { kind: 'range', range }
    : bracketed === undefined
      ? parseNames(bare)
      : undefined;
  if (!hosts) throw new Error('must be a host, *.host, an address, a range of addresses or *');
  return { protocol: protocol?.toLowerCase() as HttpProtocol | undefined, port, hosts };
}

function parseNames(text: string): RuleHosts | undefined {
  if (text === '*') return { kind: 'all' };
  const isWildcard = text.startsWith('*.');
  const name = normalName(isWildcard ? text.slice(2) : text);
  if (name === undefined) return undefined;
  return isWildcard ? { kind: 'subdomains', suffix: `.${name}` } : { kind: 'name', name };
}

/** As the host of a URL would be: in lower case, in ASCII. Addresses in disguise are none. */
function normalName(text: string): string | undefined {
  const name = /[/\\\s]/.test(text) ? undefined : URL.parse(`https://${text}`)?.hostname.replace(/\.$/, '');
  return name !== undefined && isHostName(name) && !parseAddress(name) ? name : undefined;
}

/** Whether the entry names the host of a URL: its name, or the address that it is. */
export function coversHost({ hosts }: RuleEntry, { host, address }: HttpTarget): boolean {
  switch (hosts.kind) {
    case 'all':
      return true;
    case 'name':
      return address === undefined && host === hosts.name;
    case 'subdomains':
      return address === undefined && host.endsWith(hosts.suffix);
    case 'range':
      return address !== undefined && isInRange(address, hosts.range);
  }
}

/** Whether the entry names an address that a host has. Names never do, nor does `*`. */
export function coversAddress({ hosts }: RuleEntry, address: Address): boolean {
  return hosts.kind === 'range' && isInRange(address, hosts.range);
}
