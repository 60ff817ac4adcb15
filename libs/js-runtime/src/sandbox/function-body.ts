const BEFORE = '(async function () {\n';
const AFTER = '\n})';

/** A body as a script that evaluates to a function. It begins on a line of its own: with a line offset of -1, every position is the author's. */
export function wrapBody(body: string): string {
  return BEFORE + body + AFTER;
}

/** The body in what `wrapBody` made, also when that was changed inside since. */
export function unwrapBody(text: string): string {
  return text.slice(BEFORE.length, text.length - AFTER.length);
}
