import { LOAD_CAUSES, LOAD_LEVELS, type LoadCause, type LoadLevel } from './load-stats.ts';

/** From what on a measured value makes the level what it is. */
export interface LoadThresholds {
  readonly elevated: number;
  readonly critical: number;
}

export interface LoadGaugeOptions {
  readonly thresholds: Readonly<Record<LoadCause, LoadThresholds>>;
  /** How long what was measured must have been low before the level falls. */
  readonly recoveryMs: number;
}

/** A level is kept until what was measured has fallen this far below what leads to it: else it would come and go. */
const KEEPS = 0.85;

/**
 * So many looks in a row have to say so before the level rises. One long task, or one burst of callers, is no load; but memory that
 * is gone is gone, and the kernel does not wait for a second look.
 */
const LOOKS: Readonly<Record<LoadCause, number>> = { memory: 1, eventLoopDelay: 2, queueWait: 2 };

/**
 * Turns what was measured into a level, with hysteresis: it rises soon, and falls when everything has been low for a while, as
 * far as everything is low.
 */
export class LoadGauge {
  #level: LoadLevel = 'normal';
  #causes: readonly LoadCause[] = [];
  /** By cause and level: how many looks in a row have said so. */
  readonly #looks: Record<LoadCause, Record<LoadLevel, number>>;
  #lowSince: number | undefined;

  constructor(private readonly options: LoadGaugeOptions) {
    const none = (): Record<LoadLevel, number> => ({ normal: 0, elevated: 0, critical: 0 });
    this.#looks = { memory: none(), eventLoopDelay: none(), queueWait: none() };
  }

  get level(): LoadLevel {
    return this.#level;
  }

  get causes(): readonly LoadCause[] {
    return this.#causes;
  }

  /** @param now milliseconds of a clock that only goes forward. @returns whether the level is another now */
  look(measured: Readonly<Record<LoadCause, number>>, now: number): boolean {
    const before = this.#level;
    const raised = highest(LOAD_CAUSES.map((cause) => this.#raisedBy(cause, measured[cause])));
    const kept = highest(LOAD_CAUSES.map((cause) => this.#keptBy(cause, measured[cause])));
    if (isAbove(raised, before)) this.#level = raised;
    if (!isAbove(this.#level, kept)) this.#lowSince = undefined;
    else {
      this.#lowSince ??= now;
      if (now - this.#lowSince >= this.options.recoveryMs) {
        this.#level = kept;
        this.#lowSince = undefined;
      }
    }
    const causes = LOAD_CAUSES.filter((cause) => !isAbove(this.#level, this.#keptBy(cause, measured[cause])));
    // While it is low, but not for long enough, it is still for what it was.
    if (this.#level === 'normal') this.#causes = [];
    else if (causes.length > 0) this.#causes = causes;
    return this.#level !== before;
  }

  #raisedBy(cause: LoadCause, value: number): LoadLevel {
    const { elevated, critical } = this.options.thresholds[cause];
    const looks = this.#looks[cause];
    looks.elevated = value >= elevated ? looks.elevated + 1 : 0;
    looks.critical = value >= critical ? looks.critical + 1 : 0;
    if (looks.critical >= LOOKS[cause]) return 'critical';
    return looks.elevated >= LOOKS[cause] ? 'elevated' : 'normal';
  }

  #keptBy(cause: LoadCause, value: number): LoadLevel {
    const { elevated, critical } = this.options.thresholds[cause];
    if (value >= KEEPS * critical) return 'critical';
    return value >= KEEPS * elevated ? 'elevated' : 'normal';
  }
}

function isAbove(one: LoadLevel, other: LoadLevel): boolean {
  return LOAD_LEVELS.indexOf(one) > LOAD_LEVELS.indexOf(other);
}

function highest(levels: readonly LoadLevel[]): LoadLevel {
  return levels.reduce((most, level) => (isAbove(level, most) ? level : most), 'normal');
}
