import { createRequire } from 'node:module';
import { trace, type Tracer } from '@opentelemetry/api';

export const TRACER_NAME = 'nestjs-js-runtime';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Asked for at each operation and not kept: an SDK may be set up later than this is loaded, through another copy of the API.
 * Without one, its spans record nothing.
 */
export function tracer(): Tracer {
  return trace.getTracer(TRACER_NAME, version);
}
