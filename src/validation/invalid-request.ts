import { JsRuntimeError } from 'nestjs-js-runtime';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

const MAX_ISSUES = 20;
/** Messages repeat names from the request, which may be of any length. */
const MAX_ISSUE_CHARS = 200;

/** What a schema found wrong with a request, as the error the client gets. */
export function invalidRequest(found: readonly Issue[]): JsRuntimeError {
  const issues = found.slice(0, MAX_ISSUES).map(({ message, path = [] }) => {
    const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    const issue = where === '' ? message : `${where}: ${message}`;
    return issue.length > MAX_ISSUE_CHARS ? `${issue.slice(0, MAX_ISSUE_CHARS)}…` : issue;
  });
  return new JsRuntimeError('INVALID_REQUEST', `The request is wrong: ${issues.join('; ')}`, { issues });
}
