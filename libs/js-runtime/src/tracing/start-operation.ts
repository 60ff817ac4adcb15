import { context, trace } from '@opentelemetry/api';
import { ATTRIBUTE, attributeText } from './attributes.ts';
import { OperationTrace } from './operation-trace.ts';
import { outcomeOf } from './outcome.ts';
import { PartSpan } from './part-span.ts';
import { quietly } from './quietly.ts';
import { tracer as currentTracer } from './tracer.ts';

export type OperationName = 'js_runtime.execute' | 'js_runtime.compile';

/** An execution, or a compilation, that somebody traces. */
export interface Operation {
  /**
   * Calls `work` with the operation's span active, and ends the span as the promise is settled.
   *
   * @param work gets nothing when the span is not recorded: then no others are made, and what an API traces still belongs to it
   * @throws what `work` rejects with
   */
  run<T>(work: (trace: OperationTrace | undefined) => Promise<T>): Promise<T>;
}

/** Whose operation it is, as far as that is known when it starts. */
export interface OperationOwner {
  readonly executionId?: string;
  readonly tenantId: string | undefined;
}

/** Begins a span in the active context. @returns undefined when nobody traces: all that it costs then is asking */
export function startOperation(name: OperationName, { executionId, tenantId }: OperationOwner): Operation | undefined {
  return quietly(() => {
    const tracer = currentTracer();
    if (!tracer) return undefined;
    const parent = context.active();
    const attributes = {
      ...(executionId !== undefined && { [ATTRIBUTE.executionId]: attributeText(executionId) }),
      ...(tenantId !== undefined && { [ATTRIBUTE.tenantId]: attributeText(tenantId) }),
    };
    const span = tracer.startSpan(name, { attributes }, parent);
    const isRecorded = span.isRecording();
    if (!isRecorded && !trace.isSpanContextValid(span.spanContext())) return undefined;
    const part = new PartSpan(span, parent);
    const operation = isRecorded ? new OperationTrace(tracer, part) : undefined;
    return { run: async (work) => runTo(part, operation, work) };
  });
}

async function runTo<T>(
  span: PartSpan,
  operation: OperationTrace | undefined,
  work: (trace: OperationTrace | undefined) => Promise<T>,
): Promise<T> {
  try {
    const result = await span.run(async () => work(operation));
    (operation ?? span).end('OK');
    return result;
  } catch (error) {
    (operation ?? span).end(quietly(() => outcomeOf(error)) ?? 'INTERNAL_ERROR');
    throw error;
  }
}
