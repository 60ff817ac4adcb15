import { SpanStatusCode, trace, type Attributes, type Context, type Span } from '@opentelemetry/api';
import { ATTRIBUTE } from './attributes.ts';
import { isOurs, type Outcome } from './outcome.ts';
import { quietly } from './quietly.ts';
import { runIn } from './run-in.ts';

/** A span that ends once. Nothing here throws. */
export class PartSpan {
  readonly #span: Span;
  readonly #context: Context;
  readonly #onEnd: ((part: PartSpan) => void) | undefined;
  #isOver = false;

  /** @param parent the context that the span was started in */
  constructor(span: Span, parent: Context, onEnd?: (part: PartSpan) => void) {
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
    this.#onEnd = onEnd;
  }

  /** Of which further spans can be children. */
  get context(): Context {
    return this.#context;
  }

  set(attributes: Attributes): void {
    quietly(() => this.#span.setAttributes(attributes));
  }

  /** Calls `work`, which throws nothing itself, with this span active. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return runIn(this.#context, work);
  }

  /** The first time counts. */
  end(outcome: Outcome = 'OK'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.set({ [ATTRIBUTE.outcome]: outcome });
    if (isOurs(outcome)) {
      this.set({ [ATTRIBUTE.errorType]: outcome });
      quietly(() => this.#span.setStatus({ code: SpanStatusCode.ERROR }));
    }
    quietly(() => {
      this.#span.end();
    });
    this.#onEnd?.(this);
  }
}
