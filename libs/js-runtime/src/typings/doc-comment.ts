const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/**
 * A JSDoc comment with these lines, and a line end behind it; empty when there is nothing to say. Nothing in the text ends
 * the comment before its end.
 */
export function docComment(...texts: readonly (string | undefined)[]): string {
  const lines = texts
    .flatMap((text) => (text ?? '').split(LINE_END))
    .map((line) => line.trimEnd().replaceAll('*/', String.raw`*\/`));
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  const [first = ''] = lines;
  if (lines.length === 0) return '';
  if (lines.length === 1) return `/** ${first} */\n`;
  return `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;
}
