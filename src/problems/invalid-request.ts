import { JsRuntimeError } from 'nestjs-js-runtime';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const MAX_ISSUES = 20;

/** What a schema found wrong with a request, as the error the client gets. */
export function invalidRequest(found: readonly Issue[]): JsRuntimeError {
  const issues = found.slice(0, MAX_ISSUES).map(({ message, path = [] }) => {
    const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  return new JsRuntimeError('INVALID_REQUEST', `The request is wrong: ${issues.join('; ')}`, { issues });
}
