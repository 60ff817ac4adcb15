import { docComment } from './doc-comment.ts';
import type { PrintedMethod } from './print-method.ts';
import { typesNamespaceOf } from './type-names.ts';
import { indented } from './type-printer.ts';

/** A namespace of host APIs as scripts see it; nothing without methods. */
export function printNamespace(
  name: string,
  description: string | undefined,
  methods: readonly PrintedMethod[],
): string {
  if (methods.length === 0) return '';
  const members = methods.map(({ member }) => indented(member)).join('\n');
  const types = methods.flatMap((method) => method.types.map(indented)).join('\n');
  return [
    types === '' ? '' : `declare namespace ${typesNamespaceOf(name)} {\n${types}\n}\n`,
    `${docComment(description)}declare const ${name}: {\n${members}\n};\n`,
  ].join('');
}
