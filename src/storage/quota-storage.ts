/** Whose values: a list of strings, as the keys of Storage. Two owners have no value in common. */
export type Owner = readonly string[];

export interface Entry {
  readonly key: string;
  readonly text: string;
  /** What it counts as. */
  readonly bytes: number;
  /** At least 1; undefined: it stays. */
  readonly ttlMs: number | undefined;
}

/** How much one owner may have. */
export interface Quota {
  readonly maxKeys: number;
  readonly maxBytes: number;
}

/** Which part of the quota a value would not fit in, and what would be used with it. */
export interface Excess {
  readonly name: keyof Quota;
  readonly used: number;
}

export interface KeyQuery {
  /** '' is the prefix of all. */
  readonly prefix: string;
  /** Only keys that are greater. */
  readonly after: string | undefined;
  /** How many at most. */
  readonly limit: number;
}

/**
 * Texts by owner and key, counted, and listed in the order of their keys (as `<` has it). A text whose time is over is not
 * there any more: it is neither found nor listed, and does not count.
 *
 * A change happens as a whole or not at all, and one at a time for each owner. It does not begin after its signal has fired, but
 * rejects with the signal's reason; one that has begun is finished.
 *
 * Everything rejects with ProblemError STORAGE_UNAVAILABLE when Redis, where that is the storage, does not answer.
 */
export interface QuotaStorage {
  get(owner: Owner, key: string): Promise<string | undefined>;
  /** Resolves to undefined when it is set. What makes nothing more than it was is never refused. */
  set(owner: Owner, entry: Entry, quota: Quota, signal: AbortSignal): Promise<Excess | undefined>;
  /** Resolves to whether there was such a text. */
  delete(owner: Owner, key: string, signal: AbortSignal): Promise<boolean>;
  list(owner: Owner, query: KeyQuery): Promise<readonly string[]>;
}
