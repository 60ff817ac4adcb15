import { createRequire } from 'node:module';
import { trace, type Tracer, type TracerProvider } from '@opentelemetry/api';

export const TRACER_NAME = 'nestjs-js-runtime';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** What the API has in the place of an SDK: it knows whether there is one. Its own tracer makes spans that record nothing. */
interface MaybeProxy extends TracerProvider {
  getDelegateTracer?(name: string, version?: string): Tracer | undefined;
}

/**
 * Asked for at each operation and not kept: an SDK may be set up later than this is loaded, through another copy of the API.
 *
 * @returns undefined when there is none
 */
export function tracer(): Tracer | undefined {
  const provider: MaybeProxy = trace.getTracerProvider();
  return provider.getDelegateTracer
    ? provider.getDelegateTracer(TRACER_NAME, version)
    : provider.getTracer(TRACER_NAME, version);
}
