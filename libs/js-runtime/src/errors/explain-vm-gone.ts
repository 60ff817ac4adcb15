import type { ResourceLimits } from '../config/limits.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { MeteredUse } from '../process/run-meter.ts';
import { JsRuntimeError } from './js-runtime-error.ts';

const BYTES_PER_MB = 1024 * 1024;

/**
 * Why a request to a VM was not answered, as the caller is told. Anything but the end of the VM passes unchanged.
 *
 * @param elapsedMs since the execution was asked for
 * @param used by all its requests until now; what the last one used if left out
 */
export function explainVmGone(error: unknown, limits: ResourceLimits, elapsedMs: number, used?: MeteredUse): unknown {
  if (!(error instanceof VmGoneError)) return error;
  if (error.isForAnother) return endedForAnother(error);
  const usedInAll = used ?? error.used;
  switch (error.reason) {
    case 'wall':
      return wallTimeLimitExceeded(limits.timeoutMs, elapsedMs);
    case 'cpu':
      return cpuTimeLimitExceeded(limits.maxCpuMs, usedInAll);
    case 'memory':
      return memoryLimitExceeded(limits.maxMemoryMb, usedInAll);
    case 'cancelled':
      return new JsRuntimeError('CANCELLED', 'The execution was cancelled');
    case 'shutdown':
      return new JsRuntimeError('SHUTTING_DOWN', 'The runtime is shutting down');
    case 'protocol':
    case 'parser':
    case 'unhealthy':
    case 'start':
    case 'lowered':
    case 'age':
    case 'uses':
    case 'overflow':
    case 'load':
    case 'rebind':
    case 'crashed':
      return new JsRuntimeError(
        'VM_CRASHED',
        'The VM ended unexpectedly; the script may have had effects',
        {},
        { cause: error },
      );
  }
}

function endedForAnother(cause: VmGoneError): JsRuntimeError {
  const message =
    `The VM was ended (${cause.reason}) for one of several invocations that were under way in it, and it is not known to be this one; ` +
    'the script may have had effects';
  return new JsRuntimeError('VM_CRASHED', message, {}, { cause });
}

export function wallTimeLimitExceeded(allowed: number, used: number, stack?: string): JsRuntimeError {
  return new JsRuntimeError('WALL_TIME_LIMIT_EXCEEDED', `The script was not done after ${allowed} ms`, {
    limit: { name: 'timeoutMs', allowed, used: Math.round(used) },
    ...(stack ? { stack } : {}),
  });
}

export function cpuTimeLimitExceeded(allowed: number, use: MeteredUse | undefined, stack?: string): JsRuntimeError {
  return new JsRuntimeError('CPU_TIME_LIMIT_EXCEEDED', `The script used more than ${allowed} ms of CPU time`, {
    limit: { name: 'maxCpuMs', allowed, ...(use && { used: Math.round(use.cpuMs) }) },
    ...(stack ? { stack } : {}),
  });
}

export function memoryLimitExceeded(allowed: number, use: MeteredUse | undefined): JsRuntimeError {
  const used = Math.ceil((use?.peakMemoryBytes ?? 0) / BYTES_PER_MB);
  return new JsRuntimeError('MEMORY_LIMIT_EXCEEDED', `The script used more than ${allowed} MB of memory`, {
    // What was refused was never used, and what was taken between two looks was not seen.
    limit: { name: 'maxMemoryMb', allowed, ...(used > allowed && { used }) },
  });
}
