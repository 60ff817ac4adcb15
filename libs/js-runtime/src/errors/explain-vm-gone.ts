import { VmGoneError } from '../process/vm-gone.error.ts';
import { JsRuntimeError } from './js-runtime-error.ts';

/** Why a request to a VM was not answered, as the caller is told. Anything but the end of the VM passes unchanged. */
export function explainVmGone(error: unknown, timeoutMs: number): unknown {
  if (!(error instanceof VmGoneError)) return error;
  switch (error.reason) {
    case 'wall':
      return wallTimeLimitExceeded(timeoutMs);
    case 'memory':
      return new JsRuntimeError('MEMORY_LIMIT_EXCEEDED', 'The script used more memory than it may');
    case 'cancelled':
      return new JsRuntimeError('CANCELLED', 'The execution was cancelled');
    case 'shutdown':
      return new JsRuntimeError('SHUTTING_DOWN', 'The runtime is shutting down');
    case 'protocol':
    case 'unhealthy':
    case 'start':
    case 'cpu':
    case 'age':
    case 'uses':
    case 'overflow':
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

export function memoryLimitExceeded(maxMemoryMb: number): JsRuntimeError {
  return new JsRuntimeError('MEMORY_LIMIT_EXCEEDED', `The script used more than ${maxMemoryMb} MB of heap`, {
    limit: { name: 'maxMemoryMb', allowed: maxMemoryMb },
  });
}

export function wallTimeLimitExceeded(timeoutMs: number, stack?: string): JsRuntimeError {
  return new JsRuntimeError('WALL_TIME_LIMIT_EXCEEDED', `The script was not done after ${timeoutMs} ms`, {
    limit: { name: 'timeoutMs', allowed: timeoutMs },
    ...(stack ? { stack } : {}),
  });
}
