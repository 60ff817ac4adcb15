import { isTooDeep, JsRuntimeError, MAX_JSON_DEPTH } from 'nestjs-js-runtime';

/**
 * Parses a JSON body, unless it is nested so deep that parsing it, or writing it again, would block the event loop. Names
 * like `__proto__` and `constructor` are data like any other: nothing of a body is ever merged into an object.
 */
export function parseJsonBody(
  request: { readonly method: string },
  body: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  // Many clients send the media type with every request, also where there is nothing that could be of it.
  if (body.length === 0 && request.method === 'DELETE') {
    done(null);
    return;
  }
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
