/** How far the upper part of the UTF-16 code units is moved: up to where every one of them is a character. */
const SHIFT = 0x10000 - 0xd800;

/**
 * Any string as text that survives UTF-8, also halves of a surrogate pair, and whose bytes are ordered as `<` orders the strings.
 * What begins with a prefix still begins with it. Most text stays what it is.
 */
export function toOrderedText(string: string): string {
  return string.replace(/[\ud800-\uffff]/g, (unit) => String.fromCodePoint(unit.charCodeAt(0) + SHIFT));
}

export function fromOrderedText(text: string): string {
  return text.replace(/[\u{10000}-\u{127ff}]/gu, (moved) => String.fromCharCode((moved.codePointAt(0) ?? 0) - SHIFT));
}
