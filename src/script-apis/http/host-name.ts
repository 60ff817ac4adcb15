const MAX_LENGTH = 253;
const LABELS = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

/** Of the names that URLs may have, those that DNS can have too; in lower case, in ASCII, without a dot at the end. */
export function isHostName(host: string): boolean {
  return host.length <= MAX_LENGTH && LABELS.test(host);
}
