import type { ApiHeader } from '../../protocol/messages.ts';

/**
 * A `DefineApis` function of these APIs as text. With the names in it V8 compiles once what each realm would otherwise do one by
 * one: name a function, take its name apart. Names are identifiers.
 */
export function apiSource(apis: readonly ApiHeader[]): string {
  const namespaces = Map.groupBy(apis, ({ name }) => name.slice(0, name.indexOf('.')));
  return `((call, freeze, define) => {\n${[...namespaces].map(([name, headers]) => namespaceSource(name, headers)).join('\n')}\n})`;
}

/** Functions are not async: that would wait through `Promise.prototype.then`. */
function namespaceSource(namespace: string, headers: readonly ApiHeader[]): string {
  const methods = headers.map((header) => ({ key: JSON.stringify(header.name.slice(namespace.length + 1)), header }));
  const functions = methods.map(({ key, header: { name, cost, body } }) => {
    const header = `{ __proto__: null, name: ${JSON.stringify(name)}, cost: ${cost}, body: ${body} }`;
    return `${key}: (...args) => call(${header}, args)`;
  });
  return `{
const namespace = { __proto__: null, ${functions.join(', ')} };
${methods.map(({ key }) => `freeze(namespace[${key}]);`).join(' ')}
define(${JSON.stringify(namespace)}, freeze(namespace));
}`;
}
