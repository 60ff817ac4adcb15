import ipaddr from 'ipaddr.js';
import { parseAddress, type Address } from './address.ts';

export interface AddressRange {
  readonly base: Address;
  /** How many leading bits are given. */
  readonly bits: number;
}

/**
 * Reads an address or a range of them, `10.0.0.0/8`. `undefined` for what looks like neither.
 *
 * @throws Error that says what is wrong with it
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const base = parseAddress(addressText);
  if (!base || rest.length > 0 || text.includes('%')) return undefined;
  const width = base instanceof ipaddr.IPv4 ? 32 : 128;
  if (bitsText === undefined) return { base, bits: width };
  if (base instanceof ipaddr.IPv4 && addressText.includes(':')) throw new Error('must be written as IPv4');
  const bits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : NaN;
  if (!(bits <= width)) throw new Error(`must have 0 to ${width} after the slash`);
  const network = networkOf(text, base);
  if (network !== base.toString()) throw new Error(`must begin with the first address of the range, ${network}`);
  return { base, bits };
}

export function isInRange(address: Address, { base, bits }: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

function networkOf(text: string, base: Address): string {
  const kind = base instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return kind.networkAddressFromCIDR(text).toString();
}
