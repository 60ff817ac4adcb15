import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ApiMethod } from '../host-api/api-method.ts';
import type { ScriptApiError } from '../host-api/script-api-error.ts';
import type { CallAnswer } from '../process/vm-request.ts';

/**
 * What a method has returned, as the script gets it; or why it does not get it.
 *
 * @throws Error for what breaks the method's own rules
 */
export function answerOf(
  { name, output, body }: ApiMethod,
  returned: unknown,
  maxBytes: number,
): CallAnswer | JsRuntimeError {
  const value: unknown = output ? output.parse(returned) : returned;
  if (body && typeof (value as { body?: unknown } | null | undefined)?.body !== 'string') {
    throw new TypeError(`${name} was declared to have a body, and returned none that is a string`);
  }
  if (value === undefined) return { kind: 'undefined', text: '' };
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${name} returned a ${typeof value}, which is not JSON`);
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return { kind: 'value', text };
  const message = `${name} gave ${bytes} bytes as JSON; allowed are ${maxBytes}`;
  return new JsRuntimeError('API_RESULT_TOO_LARGE', message, {
    limit: { name: 'maxApiResultBytes', allowed: maxBytes, used: bytes },
  });
}

/** An API may put what it was given into its errors, or what it was told elsewhere. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The error that a script gets.
 *
 * @throws Error for details that are not JSON, and for more than an error may have
 */
export function refusalOf({ code, message, details }: JsRuntimeError | ScriptApiError): CallAnswer {
  const hasDetails = details !== undefined && Object.keys(details).length > 0;
  const text = JSON.stringify({ code, message, ...(hasDetails && { details }) });
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_ERROR_BYTES) return { kind: 'error', text };
  throw new TypeError(`${code} has ${bytes} bytes as JSON; an error may have ${MAX_ERROR_BYTES}`);
}
