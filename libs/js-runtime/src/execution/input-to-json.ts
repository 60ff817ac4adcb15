import { JsRuntimeError } from '../errors/js-runtime-error.ts';

/**
 * The input as the script's realm gets it; empty for no input.
 *
 * @throws JsRuntimeError INVALID_REQUEST when it is not JSON, INPUT_TOO_LARGE
 */
export function inputToJson(input: unknown, maxInputBytes: number): string {
  if (input === undefined) return '';
  let json: string | undefined;
  try {
    json = (JSON.stringify as (value: unknown) => string | undefined)(input);
  } catch (cause) {
    throw new JsRuntimeError('INVALID_REQUEST', 'input must be JSON; this one cannot be serialized', {}, { cause });
  }
  if (json === undefined) throw new JsRuntimeError('INVALID_REQUEST', `input must be JSON, not a ${typeof input}`);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxInputBytes) {
    throw new JsRuntimeError('INPUT_TOO_LARGE', `The input has ${bytes} bytes as JSON; allowed are ${maxInputBytes}`, {
      limit: { name: 'maxInputBytes', allowed: maxInputBytes, used: bytes },
    });
  }
  return json;
}
