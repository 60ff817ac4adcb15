/**
 * Whether two values say the same as JSON. Not `isDeepStrictEqual`: a peer's objects may be of another realm, with other prototypes, and
 * checking must cost little beside running.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return Object.is(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [keys, otherKeys] = [Object.keys(one), Object.keys(other)];
  if (keys.length !== otherKeys.length) return false;
  const [values, others] = [one, other] as [Record<string, unknown>, Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(other, key) && isSame(values[key], others[key]));
}
