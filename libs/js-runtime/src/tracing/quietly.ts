import { diag } from '@opentelemetry/api';
import { textForLog } from '../errors/text-for-log.ts';

/**
 * What `work` returns; undefined when it throws. An SDK's samplers, processors and context managers are other people's code, which
 * the API lets throw: that costs spans, never an execution. Whoever set the SDK up hears of it from the API's `diag`.
 */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    tell(error);
    return undefined;
  }
}

function tell(error: unknown): void {
  try {
    diag.error('nestjs-js-runtime: tracing has failed', textForLog(error));
  } catch {
    // Its logger, too, is somebody else's.
  }
}
