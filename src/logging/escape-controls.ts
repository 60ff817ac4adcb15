/**
 * What could end a line, move the cursor, or show text in another order than it has: control characters but line feed and tab,
 * separators of lines, and marks of direction.
 */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text with such characters as `\uXXXX`; inside the strings of a JSON text they mean the same. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
