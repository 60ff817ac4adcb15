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

/** The error that a script gets. */
export function refusalOf({ code, message, details }: JsRuntimeError | ScriptApiError): CallAnswer {
  const hasDetails = details !== undefined && Object.keys(details).length > 0;
  return { kind: 'error', text: JSON.stringify({ code, message, ...(hasDetails && { details }) }) };
}
