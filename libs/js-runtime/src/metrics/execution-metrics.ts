import { Inject, Injectable } from '@nestjs/common';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { ApiCallMetrics, type ApiCallOutcome, type ApiCallStats } from './api-call-metrics.ts';
import { MsHistogram, type MsHistogramStats } from './ms-histogram.ts';
import type { UsageReceipt } from './usage-receipt.ts';

/** `OK`, or what it ended with; `INTERNAL_ERROR` for what is no error of the runtime. */
export type ExecutionOutcome = 'OK' | ErrorCode | 'INTERNAL_ERROR';

/** What became of executions, and what they took, since the start; all of it empty without `metricsEnabled`. */
export interface ExecutionStats {
  /** Executions that have ended, by what they came to. */
  readonly outcomes: Readonly<Partial<Record<ExecutionOutcome, number>>>;
  /** From the call to the answer. This and the others: of executions that had a tenant and valid limits. */
  readonly wall: MsHistogramStats;
  /** Of that, waiting for a VM. */
  readonly queueWait: MsHistogramStats;
  /** CPU time of their VMs. */
  readonly cpu: MsHistogramStats;
  /** CPU time of each compilation that an execution, or `CompilerService.compile`, had to wait for. */
  readonly compileCpu: MsHistogramStats;
  readonly apiCalls: readonly ApiCallStats[];
}

/** Counts executions. Nothing here grows with what scripts or tenants do: there are no labels of theirs. */
@Injectable()
export class ExecutionMetrics {
  readonly #isEnabled: boolean;
  readonly #outcomes: Partial<Record<ExecutionOutcome, number>> = {};
  readonly #wall = new MsHistogram();
  readonly #queueWait = new MsHistogram();
  readonly #cpu = new MsHistogram();
  readonly #compileCpu = new MsHistogram();
  readonly #apiCalls = new ApiCallMetrics();

  constructor(@Inject(COMPILED_OPTIONS) { metricsEnabled }: Pick<CompiledOptions, 'metricsEnabled'>) {
    this.#isEnabled = metricsEnabled;
  }

  ended(outcome: ExecutionOutcome): void {
    if (this.#isEnabled) this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  used({ wallMs, queueMs, cpuMs }: UsageReceipt): void {
    if (!this.#isEnabled) return;
    this.#wall.record(wallMs);
    this.#queueWait.record(queueMs);
    this.#cpu.record(cpuMs);
  }

  compiled(cpuMs: number): void {
    if (this.#isEnabled) this.#compileCpu.record(cpuMs);
  }

  /** @param api of the registry, or a name for several that are not: their number has to be bounded */
  apiCalled(api: string, outcome: ApiCallOutcome, ms: number): void {
    if (this.#isEnabled) this.#apiCalls.ended(api, outcome, ms);
  }

  stats(): ExecutionStats {
    return {
      outcomes: { ...this.#outcomes },
      wall: this.#wall.snapshot(),
      queueWait: this.#queueWait.snapshot(),
      cpu: this.#cpu.snapshot(),
      compileCpu: this.#compileCpu.snapshot(),
      apiCalls: this.#apiCalls.snapshot(),
    };
  }
}
