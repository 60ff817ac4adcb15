import type { AllowedCalls, UnitHeader } from '../protocol/messages.ts';
import type { RunCalls, RunUnit } from './vm-request.ts';

/* What a request has in its frame. */

export function allowedOf({
  extraApis,
  maxApiCalls,
  maxApiCallsInFlight,
  maxApiArgumentBytes,
}: RunCalls): AllowedCalls {
  return { extraApis, maxApiCalls, maxApiCallsInFlight, maxApiArgumentBytes };
}

export function headerOf({ key, name, wrap, imports, sourceChars, code }: RunUnit): UnitHeader {
  return { key, name, wrap, imports, sourceChars, hasCode: code !== undefined };
}

export function codeOf({ code }: RunUnit): (string | Uint8Array)[] {
  return code ? [code.source, code.codeCache ?? ''] : [];
}
