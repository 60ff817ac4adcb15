import type { ErrorCode } from '../errors/error-codes.ts';
import { MsHistogram, type MsHistogramStats } from './ms-histogram.ts';

/** `OK`; a code that the runtime refused it with; or `API_ERROR`: the API threw a `ScriptApiError` of its own. */
export type ApiCallOutcome = 'OK' | ErrorCode | 'API_ERROR';

/** Calls of one host API that have ended, since the start. */
export interface ApiCallStats {
  /** `namespace.method`; `(setup)` for all that was exposed to single executions. */
  readonly api: string;
  /** By what they came to; `CANCELLED` when the execution ended first. */
  readonly outcomes: Readonly<Partial<Record<ApiCallOutcome, number>>>;
  /** From when the call was read to when its answer was ready. */
  readonly duration: MsHistogramStats;
}

interface Kept {
  readonly outcomes: Partial<Record<ApiCallOutcome, number>>;
  readonly duration: MsHistogram;
}

export class ApiCallMetrics {
  readonly #apis = new Map<string, Kept>();

  ended(api: string, outcome: ApiCallOutcome, ms: number): void {
    let kept = this.#apis.get(api);
    if (!kept) this.#apis.set(api, (kept = { outcomes: {}, duration: new MsHistogram() }));
    kept.outcomes[outcome] = (kept.outcomes[outcome] ?? 0) + 1;
    kept.duration.record(ms);
  }

  snapshot(): ApiCallStats[] {
    return [...this.#apis].map(([api, { outcomes, duration }]) => ({
      api,
      outcomes: { ...outcomes },
      duration: duration.snapshot(),
    }));
  }
}
