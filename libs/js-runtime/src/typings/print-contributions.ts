import { propertyName } from './identifiers.ts';

/** Members that an application adds to `context`, by their names; what they are, nobody has said. */
export function printContributions(keys: readonly string[]): string {
  if (keys.length === 0) return '';
  const members = keys.map((key) => `    readonly ${propertyName(key)}: any;`).join('\n');
  return `declare namespace JsRuntime {\n  interface Context {\n${members}\n  }\n}\n`;
}
