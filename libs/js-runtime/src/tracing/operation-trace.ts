import type { Attributes, Tracer } from '@opentelemetry/api';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import { ATTRIBUTE, attributeText } from './attributes.ts';
import type { Outcome } from './outcome.ts';
import { PartSpan } from './part-span.ts';
import { quietly } from './quietly.ts';

/** What a script is known by. */
export interface TracedScript {
  readonly name: string;
  readonly sourceHash: string;
}

/** What VMs are asked for. */
export type VmRequestKind = 'compile' | 'link' | 'run';

/** So many spans has one operation of what its script can make many of: calls, and modules to compile. The rest is counted. */
export const MAX_PART_SPANS = 128;

/** The span of one execution or compilation, and those of its parts, which end with it at the latest. Nothing here throws. */
export class OperationTrace {
  readonly #tracer: Tracer;
  readonly #span: PartSpan;
  readonly #open = new Set<PartSpan>();
  #queue: PartSpan | undefined;
  #places = MAX_PART_SPANS;
  #leftOut = 0;
  #isOver = false;

  constructor(tracer: Tracer, span: PartSpan) {
    this.#tracer = tracer;
    this.#span = span;
  }

  hasScript(script: TracedScript): void {
    this.#span.set(attributesOf(script));
  }

  /** It waits for a VM from now on. */
  waits(): void {
    this.#queue = this.#begin('js_runtime.queue');
  }

  /** It waits for a VM no more. */
  hasVm(id: string): void {
    this.#queue?.end();
    this.#span.set({ [ATTRIBUTE.vmId]: id });
  }

  /** It asks its VM for something. @returns undefined when that has no span */
  begin(kind: VmRequestKind, script?: TracedScript): PartSpan | undefined {
    if (kind === 'compile' && !this.#takePlace()) return undefined;
    return this.#begin(`js_runtime.vm.${kind}`, script && attributesOf(script));
  }

  /** A call of an API that there is. @returns undefined when it has no span */
  beginCall(api: string): PartSpan | undefined {
    if (!this.#takePlace()) return undefined;
    return this.#begin('js_runtime.api_call', { [ATTRIBUTE.api]: attributeText(api) });
  }

  hasUsed({ cpuMs, queueMs, peakMemoryBytes, apiCalls, compile }: UsageReceipt): void {
    this.#span.set({
      [ATTRIBUTE.cpuMs]: cpuMs,
      [ATTRIBUTE.queueMs]: queueMs,
      [ATTRIBUTE.peakMemoryBytes]: peakMemoryBytes,
      [ATTRIBUTE.apiCalls]: apiCalls,
      [ATTRIBUTE.code]: compile,
    });
  }

  /** A part that has not ended is what the operation has ended in. */
  end(outcome: Outcome): void {
    this.#isOver = true;
    for (const part of this.#open) part.end(outcome);
    if (this.#leftOut > 0) this.#span.set({ [ATTRIBUTE.spansLeftOut]: this.#leftOut });
    this.#span.end(outcome);
  }

  #takePlace(): boolean {
    if (this.#places === 0) {
      this.#leftOut++;
      return false;
    }
    this.#places--;
    return true;
  }

  #begin(name: string, attributes?: Attributes): PartSpan | undefined {
    if (this.#isOver) return undefined;
    const parent = this.#span.context;
    const span = quietly(() => this.#tracer.startSpan(name, attributes && { attributes }, parent));
    if (!span) return undefined;
    const part = new PartSpan(span, parent, () => this.#open.delete(part));
    this.#open.add(part);
    return part;
  }
}

function attributesOf({ name, sourceHash }: TracedScript): Attributes {
  return { [ATTRIBUTE.scriptName]: attributeText(name), [ATTRIBUTE.scriptHash]: sourceHash };
}
