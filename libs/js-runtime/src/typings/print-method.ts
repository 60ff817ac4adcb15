import type { ApiMethod } from '../host-api/api-method.ts';
import { docComment } from './doc-comment.ts';
import type { Side } from './json-schema-of.ts';
import { parametersOf } from './parameters-of.ts';
import { resultOf } from './result-of.ts';
import { typeName, typesNamespaceOf } from './type-names.ts';

export interface PrintedMethod {
  /** A member of its namespace. */
  readonly member: string;
  /** Types that it needs, for {@link typesNamespaceOf} its namespace; often none. */
  readonly types: readonly string[];
}

/** A method of a host API as scripts see it. */
export function printMethod({ name, description, input, output, body, cost, timeoutMs }: ApiMethod): PrintedMethod {
  const [namespace = '', method = ''] = name.split('.');
  const types: string[] = [];
  const namesOf = (side: Side) => ({
    nameOf: (definition: string) => `${typesNamespaceOf(namespace)}.${typeName(method, definition, side)}`,
    declare: (definition: string, type: string) => {
      types.push(`type ${typeName(method, definition, side)} = ${type};`);
    },
  });
  const parameters = parametersOf(input, namesOf('input'));
  const result = resultOf({ output, body }, namesOf('output'));
  const limits = [
    ...(cost === 1 ? [] : [`Counts as ${cost} calls.`]),
    ...(timeoutMs === undefined ? [] : [`Takes at most ${timeoutMs} ms.`]),
  ];
  const comment = docComment(
    description,
    limits.length === 0 ? undefined : `\n${limits.join(' ')}`,
    ...parameters.comments,
  );
  return { member: `${comment}readonly ${method}: (${parameters.text}) => Promise<${result}>;`, types };
}
