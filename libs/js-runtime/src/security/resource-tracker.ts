import type { ResourceLimits } from '../config/limits.ts';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import type { MeteredUse } from '../process/run-meter.ts';
import type { RunReply } from '../process/vm-request.ts';
import { ApiCalls } from './api-calls.ts';

type RanReply = Pick<RunReply, 'heapBytes' | 'resultBytes' | 'logs'>;

/** What one execution has used until now, from the moment that it was asked for. */
export class ResourceTracker {
  readonly apiCalls: ApiCalls;
  readonly #startedAt = performance.now();
  #waitsSince: number | undefined;
  #queueMs: number | undefined;
  #inputBytes = 0;
  #compile: UsageReceipt['compile'] = 'none';
  #reply: RanReply | undefined;
  #used: MeteredUse | undefined;

  constructor(readonly limits: ResourceLimits) {
    this.apiCalls = new ApiCalls(limits);
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  hasInput(bytes: number): void {
    this.#inputBytes = bytes;
  }

  /** It waits for a VM from now on. */
  waits(): void {
    this.#waitsSince = performance.now();
  }

  /** It waits for a VM no more. */
  hasVm(): void {
    this.#queueMs = this.#waitedMs;
  }

  get #waitedMs(): number {
    return this.#waitsSince === undefined ? 0 : performance.now() - this.#waitsSince;
  }

  /** `miss` as soon as something has to be compiled; that stays so. */
  hasCode(compile: 'hit' | 'miss'): void {
    if (this.#compile !== 'miss') this.#compile = compile;
  }

  /** Its VM has answered a request, or is gone; undefined when nobody knows what that took. */
  hasUsed(used: MeteredUse | undefined): void {
    if (!used) return;
    this.#used = {
      cpuMs: (this.#used?.cpuMs ?? 0) + used.cpuMs,
      peakMemoryBytes: Math.max(this.#used?.peakMemoryBytes ?? 0, used.peakMemoryBytes),
    };
  }

  /** What all requests to its VM have used; undefined before the first. */
  get used(): MeteredUse | undefined {
    return this.#used;
  }

  /** At least 1: a request with nothing left is sent, and ended. */
  get remainingCpuMs(): number {
    return Math.max(1, Math.ceil(this.limits.maxCpuMs - (this.#used?.cpuMs ?? 0)));
  }

  /** Its VM has run the script. */
  hasReply(reply: RanReply): void {
    this.#reply = reply;
  }

  receipt(): UsageReceipt {
    const wallMs = this.elapsedMs;
    const { cpuMs = 0, peakMemoryBytes = 0 } = this.#used ?? {};
    const { heapBytes = 0, resultBytes = 0, logs = [] } = this.#reply ?? {};
    return {
      wallMs,
      queueMs: this.#queueMs ?? this.#waitedMs,
      cpuMs,
      peakMemoryBytes,
      heapBytes,
      apiCalls: this.apiCalls.total,
      inputBytes: this.#inputBytes,
      resultBytes,
      logBytes: logs.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0),
      compile: this.#compile,
    };
  }
}
