const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

/**
 * Where a module most probably imports a specifier: V8 does not say. 1-based, in UTF-16 units, of the quoted specifier; a comment
 * that looks like an import may deceive it. Undefined when there is no such import.
 */
export function positionOfImport(source: string, specifier: string): { line: number; column: number } | undefined {
  for (const quote of ['"', "'"]) {
    const quoted = quote + specifier + quote;
    for (let at = source.indexOf(quoted); at !== -1; at = source.indexOf(quoted, at + quoted.length)) {
      if (/\b(?:from|import)\s*$/.test(source.slice(Math.max(0, at - 32), at))) return positionAt(source, at);
    }
  }
  return undefined;
}

function positionAt(source: string, index: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (const { 0: end, index: at } of source.slice(0, index).matchAll(LINE_END)) {
    line++;
    lineStart = at + end.length;
  }
  return { line, column: index - lineStart + 1 };
}
