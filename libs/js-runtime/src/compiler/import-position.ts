/** So often may a specifier be there in quotes without being imported. */
const MAX_TRIES = 1000;

const LF = 0x0a;
const CR = 0x0d;
const LINE_SEPARATOR = 0x2028;
const PARAGRAPH_SEPARATOR = 0x2029;

/**
 * Where a module most probably imports a specifier: V8 does not say. 1-based, in UTF-16 units, of the quoted specifier; a comment
 * that looks like an import may deceive it. Undefined when there is no such import.
 */
export function positionOfImport(source: string, specifier: string): { line: number; column: number } | undefined {
  for (const quote of ['"', "'"]) {
    const quoted = quote + specifier + quote;
    let at = source.indexOf(quoted);
    for (let tries = 0; at !== -1 && tries < MAX_TRIES; tries++, at = source.indexOf(quoted, at + quoted.length)) {
      if (/\b(?:from|import)\s*$/.test(source.slice(Math.max(0, at - 32), at))) return positionAt(source, at);
    }
  }
  return undefined;
}

/** Without a list of lines, of which there may be as many as characters. */
function positionAt(source: string, index: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = 0; at < index; at++) {
    const char = source.charCodeAt(at);
    if (char !== LF && char !== CR && char !== LINE_SEPARATOR && char !== PARAGRAPH_SEPARATOR) continue;
    if (char === CR && source.charCodeAt(at + 1) === LF) continue;
    line++;
    lineStart = at + 1;
  }
  return { line, column: index - lineStart + 1 };
}
