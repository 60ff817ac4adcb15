/**
 * How deep JSON may be nested that goes through the backend. V8 parses and writes deep nesting in more than linear time:
 * a few megabytes of brackets would block the event loop for seconds.
 */
export const MAX_JSON_DEPTH = 1000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Whether JSON text is nested deeper than {@link MAX_JSON_DEPTH}. */
export function isTooDeep(json: string): boolean {
  return isBeyond(json, Infinity);
}

/**
 * Whether JSON text is nested deeper than {@link MAX_JSON_DEPTH}, or has more values, counted as opening brackets and commas. One pass over
 * the text; it need not be valid.
 */
export function isBeyond(json: string, maxValues: number): boolean {
  // No character opens more than one, or begins more than one value.
  if (json.length <= Math.min(MAX_JSON_DEPTH, maxValues)) return false;
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const char = json.charCodeAt(index);
    if (inString) {
      if (char === BACKSLASH) index++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) {
      inString = true;
    } else if (char === 0x5b || char === 0x7b) {
      if (++depth > MAX_JSON_DEPTH || ++values > maxValues) return true;
    } else if (char === COMMA) {
      if (++values > maxValues) return true;
    } else if (char === 0x5d || char === 0x7d) {
      depth--;
    }
  }
  return false;
}
