import { z } from 'zod';

/** Segments joined by colons; `*` is any one segment, and at the end any number of them. `!` before it: denied, with all that is below. */
const RULE = /^!?(\*|[\w.-]+)(:(\*|[\w.-]+))*$/;

export const PERMISSION_RULE_TEXT = 'must be a permission such as kv:get, kv:* or *, with ! before it to deny it';

/** A list of rules, or one string with commas between them. */
export const permissionRulesSchema = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').flatMap((rule) => rule.trim() || []) : value),
  z.array(z.string().regex(RULE, PERMISSION_RULE_TEXT)).max(1000).readonly(),
);

/** So many answers are remembered; there are no more different permissions than methods. */
const MAX_KNOWN = 1000;

/** What a list of rules permits: what any of them allows, and none denies. */
export class PermissionRules {
  readonly #allowed: readonly RegExp[];
  readonly #denied: readonly RegExp[];
  readonly #known = new Map<string, boolean>();

  constructor(rules: readonly string[]) {
    this.#allowed = rules.filter((rule) => !rule.startsWith('!')).map((rule) => patternOf(rule));
    // With all that is below: `!kv` is not to deny less than `kv:*` allows.
    this.#denied = rules.filter((rule) => rule.startsWith('!')).map((rule) => patternOf(rule.slice(1), '(:.+)?'));
  }

  permit(permission: string): boolean {
    const known = this.#known.get(permission);
    if (known !== undefined) return known;
    const matches = (pattern: RegExp): boolean => pattern.test(permission);
    const isPermitted = this.#allowed.some(matches) && !this.#denied.some(matches);
    if (this.#known.size < MAX_KNOWN) this.#known.set(permission, isPermitted);
    return isPermitted;
  }
}

function patternOf(rule: string, end = ''): RegExp {
  const segments = rule.split(':');
  const pattern = segments.map((segment, index) => {
    if (segment !== '*') return segment.replaceAll('.', String.raw`\.`);
    return index === segments.length - 1 ? '.+' : '[^:]+';
  });
  return new RegExp(`^${pattern.join(':')}${end}$`, 's');
}
