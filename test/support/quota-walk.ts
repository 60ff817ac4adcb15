import fc from 'fast-check';
import type { Excess, Quota, QuotaStorage } from '../../src/storage/quota-storage.ts';

export const QUOTA: Quota = { maxKeys: 5, maxBytes: 100 };

export type QuotaStep =
  | {
      readonly kind: 'set';
      readonly key: string;
      readonly text: string;
      readonly bytes: number;
      readonly ttlMs?: number;
    }
  | { readonly kind: 'get' | 'delete'; readonly key: string }
  | { readonly kind: 'list'; readonly prefix: string; readonly after: string | undefined; readonly limit: number }
  | { readonly kind: 'pass'; readonly ms: number };

/** Few, so that they meet; each one a trap for whoever puts them together, compares them or sends them as they are. */
const KEYS = ['a', 'ab', 'a\0', 'a:b', '"]', '__proto__', '\ud83d\ude00', '\ud83d', '\ufffd', '\uffff', ' '] as const;
const anyKey = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...KEYS) },
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const anyText = fc.oneof(
  fc.constantFrom(':base64:aGk=', '::', '{"expires":1}', 'null', ''),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

/** @param anyTtlMs undefined: for good */
export function anyStep(
  anyTtlMs: fc.Arbitrary<number | undefined>,
  anyWaitMs: fc.Arbitrary<number>,
): fc.Arbitrary<QuotaStep> {
  const anyBytes = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 110 }));
  const anySet = fc.record({ key: anyKey, text: anyText, bytes: anyBytes, ttl: anyTtlMs });
  const anyList = fc.record({
    prefix: fc.constantFrom('', 'a', 'ab', '\ud83d', 'x'),
    after: fc.option(anyKey, { nil: undefined }),
    limit: fc.integer({ min: 1, max: 6 }),
  });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: anySet.map(({ ttl, ...set }) => ({
        kind: 'set' as const,
        ...set,
        ...(ttl !== undefined && { ttlMs: ttl }),
      })),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), key: anyKey }) },
    { weight: 2, arbitrary: anyList.map((list) => ({ kind: 'list' as const, ...list })) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: anyWaitMs }) },
  );
}

interface Kept {
  readonly text: string;
  readonly bytes: number;
  /** There until the clock says more. */
  readonly expiresAtMs: number;
}

/** What a QuotaStorage should answer: the simplest that does so. */
export class QuotaModel {
  readonly #kept = new Map<string, Kept>();
  nowMs = 0;

  take(step: QuotaStep): unknown {
    for (const [key, { expiresAtMs }] of this.#kept) if (expiresAtMs < this.nowMs) this.#kept.delete(key);
    switch (step.kind) {
      case 'set':
        return this.#set(step);
      case 'get':
        return this.#kept.get(step.key)?.text;
      case 'delete':
        return this.#kept.delete(step.key);
      case 'list':
        return [...this.#kept.keys()]
          .filter((key) => key.startsWith(step.prefix) && (step.after === undefined || key > step.after))
          .sort()
          .slice(0, step.limit);
      case 'pass':
        return undefined;
    }
  }

  #set({ key, text, bytes, ttlMs = Infinity }: Extract<QuotaStep, { kind: 'set' }>): Excess | undefined {
    const before = this.#kept.get(key)?.bytes;
    const keys = this.#kept.size + 1;
    if (before === undefined && keys > QUOTA.maxKeys) return { name: 'maxKeys', used: keys };
    const used = [...this.#kept.values()].reduce((sum, kept) => sum + kept.bytes, bytes) - (before ?? 0);
    if (used > QUOTA.maxBytes && bytes > (before ?? 0)) return { name: 'maxBytes', used };
    this.#kept.set(key, { text, bytes, expiresAtMs: this.nowMs + ttlMs });
    return undefined;
  }
}

/** The same of a storage. */
export async function takeStep(
  storage: QuotaStorage,
  owner: readonly string[],
  step: QuotaStep,
  pass: (ms: number) => Promise<void>,
): Promise<unknown> {
  const { signal } = new AbortController();
  switch (step.kind) {
    case 'set':
      return storage.set(owner, { ...step, ttlMs: step.ttlMs }, QUOTA, signal);
    case 'get':
      return storage.get(owner, step.key);
    case 'delete':
      return storage.delete(owner, step.key, signal);
    case 'list':
      return storage.list(owner, step);
    case 'pass':
      return pass(step.ms);
  }
}
