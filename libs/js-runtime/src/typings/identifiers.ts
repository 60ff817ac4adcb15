const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** What no parameter can be called in a module, where all is strict. https://tc39.es/ecma262/#prod-ReservedWord */
const RESERVED: ReadonlySet<string> = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally
  for function if implements import in instanceof interface let new null package private protected public return static super
  switch this throw true try typeof var void while with yield`.split(/\s+/),
);

/** The names that parameters have, where they can be theirs; `arg0` and so on where not. All are different. */
export function parameterNames(titles: readonly unknown[]): readonly string[] {
  const names = new Set<string>();
  titles.forEach((title, index) => {
    let name = isParameterName(title) ? title : `arg${index}`;
    while (names.has(name)) name = `${name}_`;
    names.add(name);
  });
  return [...names];
}

/** A property's name as it is written before the colon. */
export function propertyName(name: string): string {
  return IDENTIFIER.test(name) ? name : stringLiteral(name);
}

export function stringLiteral(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}

function isParameterName(title: unknown): title is string {
  return typeof title === 'string' && IDENTIFIER.test(title) && !RESERVED.has(title);
}
