/** Stand-in until the branch `warm-harden` is merged. */
export function hardenRealm(): () => boolean {
  Object.freeze(globalThis);
  return () => true;
}
