import { context, trace, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Notes the order in which spans start, and which of them have not ended. */
class StartedSpans implements SpanProcessor {
  readonly ids: string[] = [];
  readonly open = new Map<string, string>();

  onStart(span: Span): void {
    const { spanId } = span.spanContext();
    this.ids.push(spanId);
    this.open.set(spanId, span.name);
  }

  onEnd(span: ReadableSpan): void {
    this.open.delete(span.spanContext().spanId);
  }

  async forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  async shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** OpenTelemetry's SDK, which keeps in memory what has ended. */
export class CollectedSpans {
  readonly provider: TracerProvider;
  readonly #exporter = new InMemorySpanExporter();
  readonly #started = new StartedSpans();

  constructor(sampler?: Sampler) {
    const spanProcessors = [this.#started, new SimpleSpanProcessor(this.#exporter)];
    this.provider = new BasicTracerProvider({ spanProcessors, ...(sampler && { sampler }) });
  }

  /** For all of this process that asks the API. */
  install(): void {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(this.provider);
  }

  /** Forgets all spans. */
  clear(): void {
    this.#exporter.reset();
    this.#started.ids.length = 0;
    this.#started.open.clear();
  }

  /** Those that have ended, in the order in which they started. */
  get all(): readonly ReadableSpan[] {
    const { ids } = this.#started;
    const placeOf = (span: ReadableSpan): number => ids.indexOf(span.spanContext().spanId);
    return this.#exporter.getFinishedSpans().toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  /** Names of those that have not ended. */
  get open(): readonly string[] {
    return [...this.#started.open.values()];
  }

  named(name: string): readonly ReadableSpan[] {
    return this.all.filter((span) => span.name === name);
  }

  /** @throws Error when there is none, or several */
  only(name: string): ReadableSpan {
    const [span, ...others] = this.named(name);
    if (span && others.length === 0) return span;
    throw new Error(`${others.length + (span ? 1 : 0)} spans are called ${name}`);
  }

  /** A line for each span, below its parent's: what it is, what it is of, and what it came to. */
  get tree(): readonly string[] {
    const { all } = this;
    const isThere = (id: string | undefined): boolean => all.some((span) => span.spanContext().spanId === id);
    const linesOf = (span: ReadableSpan, depth: number): string[] => [
      `${'  '.repeat(depth)}${lineOf(span)}`,
      ...all
        .filter(({ parentSpanContext }) => parentSpanContext?.spanId === span.spanContext().spanId)
        .flatMap((child) => linesOf(child, depth + 1)),
    ];
    return all
      .filter(({ parentSpanContext }) => !isThere(parentSpanContext?.spanId))
      .flatMap((root) => linesOf(root, 0));
  }
}

function lineOf({ name, attributes }: ReadableSpan): string {
  const shown = [name.replace('js_runtime.', ''), attributes['js_runtime.api'], attributes['js_runtime.outcome']];
  return shown.filter((part) => part !== undefined).join(' ');
}

/** For all tests of a file or a `describe`, which begin with none, and leave none that has not ended. */
export function useSpans(sampler?: Sampler): CollectedSpans {
  const spans = new CollectedSpans(sampler);
  beforeAll(() => {
    spans.install();
  });
  beforeEach(() => {
    spans.clear();
  });
  afterEach(() => {
    if (spans.open.length > 0) throw new Error(`These spans have not ended: ${spans.open.join(', ')}`);
  });
  afterAll(removeSdk);
  return spans;
}

export function removeSdk(): void {
  trace.disable();
  context.disable();
}
