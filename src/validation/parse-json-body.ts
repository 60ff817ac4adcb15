import { isTooDeep, JsRuntimeError, MAX_JSON_DEPTH } from 'nestjs-js-runtime';

/**
 * Parses a JSON body, unless it is nested so deep that parsing it, or writing it again, would block the event loop. Names
 * like `__proto__` and `constructor` are data like any other: nothing of a body is ever merged into an object.
 */
export function parseJsonBody(
  _request: unknown,
  body: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const text = body.toString('utf8');
  if (isTooDeep(text)) {
    done(new JsRuntimeError('INVALID_REQUEST', `The body is nested more than ${MAX_JSON_DEPTH} deep`));
    return;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    done(new JsRuntimeError('INVALID_REQUEST', 'The body is not JSON'));
    return;
  }
  done(null, parsed);
}
