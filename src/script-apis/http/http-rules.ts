import { isPublic, type Address } from './address.ts';
import { DEFAULT_PORTS, type HttpTarget } from './http-target.ts';
import { coversAddress, coversHost, parseRuleEntry, type RuleEntry } from './rule-entry.ts';

/** As written in `HTTP_RULES`. */
export interface HttpRulesSource {
  readonly allow: readonly string[];
  readonly block: readonly string[];
}

/** A range that is allowed has to be one that somebody has looked at: with `0.0.0.0/0`, everything inside is allowed too. */
const MIN_ALLOWED_BITS = { ipv4: 8, ipv6: 7 } as const;

/**
 * Where a tenant's scripts may send requests. What is blocked is, whatever allows it; what nothing allows is not allowed.
 *
 * An entry of `allow` is for one scheme and port: https unless it says `http://`, and the scheme's own port unless it names
 * one. An entry of `block` is for all of them, unless it says which.
 */
export class HttpRules {
  readonly #allow: readonly RuleEntry[];
  readonly #block: readonly RuleEntry[];

  /** @throws Error that names the entry that is wrong, and what is wrong with it */
  constructor({ allow, block }: HttpRulesSource) {
    this.#allow = allow.map((text) => parse('allow', text, allowedEntry));
    this.#block = block.map((text) => parse('block', text, parseRuleEntry));
  }

  /** Whether the URL alone can be asked for. A name that can may still have no address that can be. */
  admitsHost(target: HttpTarget): boolean {
    return !this.#blockFor(target, coversHost) && this.#allowFor(target).some((entry) => coversHost(entry, target));
  }

  /**
   * Whether the target can be connected to at this address. One that is not public has to be allowed by address, for the
   * scheme and port of the target: that its name is allowed does not do.
   */
  admitsAddress(target: HttpTarget, address: Address): boolean {
    if (this.#blockFor(target, (entry) => coversAddress(entry, address))) return false;
    return isPublic(address) || this.#allowFor(target).some((entry) => coversAddress(entry, address));
  }

  #allowFor({ protocol, port }: HttpTarget): readonly RuleEntry[] {
    return this.#allow.filter((entry) => {
      const allowed = entry.protocol ?? 'https:';
      return allowed === protocol && (entry.port ?? DEFAULT_PORTS[allowed]) === port;
    });
  }

  #blockFor(target: HttpTarget, covers: (entry: RuleEntry, target: HttpTarget) => boolean): boolean {
    const { protocol, port } = target;
    return this.#block.some(
      (entry) => (entry.protocol ?? protocol) === protocol && (entry.port ?? port) === port && covers(entry, target),
    );
  }
}

function allowedEntry(text: string): RuleEntry {
  const entry = parseRuleEntry(text);
  if (entry.hosts.kind !== 'range') return entry;
  const { base, bits } = entry.hosts.range;
  const min = MIN_ALLOWED_BITS[base.kind()];
  if (bits < min) throw new Error(`must have at least ${min} after the slash; * is every public host`);
  return entry;
}

function parse(list: keyof HttpRulesSource, text: string, parseEntry: (text: string) => RuleEntry): RuleEntry {
  try {
    return parseEntry(text);
  } catch (error) {
    throw new Error(`${list} ${JSON.stringify(text)} ${(error as Error).message}`, { cause: error });
  }
}
