import type { ErrorCode } from '../errors/error-codes.ts';
import { RETIRE_REASONS, type RetireReason } from '../process/retire-reason.ts';
import type { PoolStats } from './pool-stats.ts';
import { MsHistogram, type MsHistogramStats } from '../metrics/ms-histogram.ts';

type Totals = Pick<
  PoolStats,
  'created' | 'destroyed' | 'destroyedBy' | 'errors' | 'requested' | 'refused' | 'released' | 'waits'
>;

/** What has happened in the pool since its start. */
export class PoolLedger {
  readonly #waits = new MsHistogram();
  readonly #destroyedBy = Object.fromEntries(RETIRE_REASONS.map((reason) => [reason, 0])) as Record<
    RetireReason,
    number
  >;
  readonly #refused: Partial<Record<ErrorCode, number>> = {};
  #created = 0;
  #destroyed = 0;
  #errors = 0;
  #requested = 0;
  #released = 0;

  created(): void {
    this.#created++;
  }

  destroyed(reason: RetireReason): void {
    this.#destroyed++;
    this.#destroyedBy[reason]++;
  }

  startFailed(): void {
    this.#errors++;
  }

  requested(): void {
    this.#requested++;
  }

  refused(code: ErrorCode): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  leased(waitedMs: number): void {
    this.#waits.record(waitedMs);
  }

  released(): void {
    this.#released++;
  }

  get waits(): MsHistogramStats {
    return this.#waits.snapshot();
  }

  totals(): Totals {
    return {
      created: this.#created,
      destroyed: this.#destroyed,
      destroyedBy: { ...this.#destroyedBy },
      errors: this.#errors,
      requested: this.#requested,
      refused: { ...this.#refused },
      released: this.#released,
      waits: this.#waits.snapshot(),
    };
  }
}
