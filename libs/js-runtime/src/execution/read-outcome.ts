import { compilationFailed, type Sources } from '../compiler/compilation-failed.ts';
import type { ResourceLimits } from '../config/limits.ts';
import { cpuTimeLimitExceeded, memoryLimitExceeded, wallTimeLimitExceeded } from '../errors/explain-vm-gone.ts';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { isTooDeep, MAX_JSON_DEPTH } from '../protocol/json-depth.ts';
import type { RealmApiErrorCode } from '../protocol/messages.ts';
import type { MeteredUse } from '../process/run-meter.ts';
import type { RunReply } from '../process/vm-request.ts';

/** The calls that a script has made. */
export interface AnsweredCalls {
  /** Whether one of them was answered with this. */
  hasRefusedWith(code: ErrorCode): boolean;
}

/** What the realm refuses itself, so that only it knows. */
const REALM_CODES: readonly string[] = ['API_CALL_INVALID', 'API_CALL_LIMIT_EXCEEDED'] satisfies RealmApiErrorCode[];

/** The value a script came to, or the one error that says why there is none. @throws JsRuntimeError */
export function readOutcome(
  reply: Pick<RunReply, 'outcome' | 'resultJson'>,
  limits: ResourceLimits,
  elapsedMs: number,
  used: MeteredUse,
  sources: Sources,
  calls: AnsweredCalls,
): unknown {
  const { outcome } = reply;
  // It was done before anybody looked again.
  if (used.cpuMs > limits.maxCpuMs) throw cpuTimeLimitExceeded(limits.maxCpuMs, used);
  switch (outcome.kind) {
    case 'value':
      return parseResult(reply.resultJson);
    case 'undefined':
      return undefined;
    case 'threw': {
      const { error, isApiError } = outcome;
      if (isApiError && isErrorCode(error.code) && isCodeOfCall(error.code, calls)) {
        throw new JsRuntimeError(error.code, error.message, { error });
      }
      throw new JsRuntimeError('SCRIPT_ERROR', `${error.name}: ${error.message}`, { error });
    }
    case 'not-compiled':
      throw compilationFailed(outcome.error, sources);
    case 'not-held':
      // The second time, it was given all code.
      throw new JsRuntimeError('VM_CRASHED', 'The VM does not hold what it was given');
    case 'not-serializable':
      throw new JsRuntimeError('RESULT_NOT_SERIALIZABLE', `The result is not JSON: ${outcome.message}`);
    case 'result-too-large': {
      const { maxResultBytes: allowed } = limits;
      const limit = { name: 'maxResultBytes', allowed, used: outcome.bytes };
      throw new JsRuntimeError('RESULT_TOO_LARGE', `The result is larger than ${allowed} bytes as JSON`, { limit });
    }
    case 'timed-out':
      throw wallTimeLimitExceeded(limits.timeoutMs, elapsedMs, outcome.stack);
    case 'out-of-cpu':
      throw cpuTimeLimitExceeded(limits.maxCpuMs, used, outcome.stack);
    case 'cancelled':
      throw new JsRuntimeError('CANCELLED', 'The execution was cancelled');
    case 'lost':
      throw new JsRuntimeError(
        'VM_CRASHED',
        'Another invocation of the function was interrupted while this one waited in the same VM; the script may have had effects',
      );
    case 'out-of-memory':
      throw memoryLimitExceeded(limits.maxMemoryMb, used);
  }
}

function parseResult(json: string): unknown {
  if (isTooDeep(json)) {
    const message = `The result is nested more than ${MAX_JSON_DEPTH} deep`;
    throw new JsRuntimeError('RESULT_NOT_SERIALIZABLE', message);
  }
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new JsRuntimeError('VM_CRASHED', 'The VM sent a result that is not JSON', {}, { cause });
  }
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERROR_CODES, code);
}

/** A VM may be in other hands: what it says is believed only if a call can have come to that. */
function isCodeOfCall(code: ErrorCode, calls: AnsweredCalls): boolean {
  return REALM_CODES.includes(code) || calls.hasRefusedWith(code);
}
