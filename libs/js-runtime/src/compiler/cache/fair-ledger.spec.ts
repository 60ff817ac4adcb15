import fc from 'fast-check';
import { FairLedger } from './fair-ledger.ts';

/** Any other does as well; with the same one a failure is found again. */
const SEED = 20_260_101;

interface Kept {
  readonly tenant: string;
  readonly name: string;
  readonly bytes: number;
}

/** The same rules, written down naively: a list in the order of use. */
class Model {
  list: Kept[] = [];

  constructor(
    private readonly maxEntries: number,
    private readonly maxBytes: number,
  ) {}

  use(name: string): void {
    const kept = this.list.find((entry) => entry.name === name);
    if (kept) this.list = [...this.list.filter((entry) => entry !== kept), kept];
  }

  remove(name: string): void {
    this.list = this.list.filter((entry) => entry.name !== name);
  }

  /** @returns the names of those that had to go */
  add(added: Kept): string[] {
    this.remove(added.name);
    this.list.push(added);
    const evicted: string[] = [];
    while (this.list.length > this.maxEntries || bytesOf(this.list) > this.maxBytes) {
      const own = this.list.filter(({ tenant }) => tenant === added.tenant);
      const share = 1 / new Set(this.list.map(({ tenant }) => tenant)).size;
      const hasTooMuch =
        (this.list.length > this.maxEntries && own.length > this.maxEntries * share) ||
        (bytesOf(this.list) > this.maxBytes && bytesOf(own) > this.maxBytes * share);
      const goes = hasTooMuch && own.length > 1 ? own[0] : this.list[0];
      if (!goes) throw new Error('nothing is too much');
      this.remove(goes.name);
      evicted.push(goes.name);
    }
    return evicted;
  }
}

function bytesOf(list: readonly Kept[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0);
}

const tenant = fc.constantFrom('a', 'b', 'c', 'd');
const key = fc.nat({ max: 9 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add'), tenant, key, bytes: fc.nat({ max: 64 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('use'), tenant, key, bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), tenant, key, bytes: fc.constant(0) }) },
);

describe('FairLedger', () => {
  it('does what its rules say, and counts what it has, whatever happens', () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 200, size: 'max' });
    const limits = fc.record({ maxEntries: fc.integer({ min: 1, max: 12 }), maxBytes: fc.constantFrom(64, 200, 512) });
    fc.assert(
      fc.property(limits, steps, ({ maxEntries, maxBytes }, all) => {
        const ledger = new FairLedger(maxEntries, maxBytes);
        const model = new Model(maxEntries, maxBytes);
        const names = new Map<number, string>();
        const did: unknown[] = [];
        const expected: unknown[] = [];
        for (const { kind, tenant: who, key: which, bytes } of all) {
          const name = `${who}:${which}`;
          if (kind === 'use') {
            ledger.use(name);
            model.use(name);
          } else if (kind === 'remove') {
            ledger.remove(name);
            model.remove(name);
          } else {
            const { id, evicted } = ledger.add(who, name, bytes);
            names.set(id, name);
            did.push(evicted.map((old) => names.get(old)));
            expected.push(model.add({ tenant: who, name, bytes }));
          }
          did.push([ledger.entries, ledger.bytes]);
          expected.push([model.list.length, bytesOf(model.list)]);
        }
        expect(did).toEqual(expected);
        const kept = [...new Set(names.values())].filter((name) => ledger.use(name) !== undefined);
        expect(kept.sort()).toEqual(model.list.map(({ name }) => name).sort());
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('gives all of it to a tenant that is alone', () => {
    const ledger = new FairLedger(3, 1000);
    for (const name of ['1', '2', '3']) ledger.add('a', name, 1);
    expect(ledger.entries).toBe(3);
  });

  it('lets a newcomer in where one has everything', () => {
    const ledger = new FairLedger(4, 1000);
    const ids = ['1', '2', '3', '4'].map((name) => ledger.add('a', name, 1).id);
    expect(ledger.add('b', 'b1', 1).evicted).toEqual([ids[0]]);
    expect(ledger.add('b', 'b2', 1).evicted).toEqual([ids[1]]);
    const [oldest] = ledger.add('b', 'b3', 1).evicted;
    expect(oldest).toBeDefined();
    expect(['3', '4'].map((name) => ledger.use(name))).toEqual([ids[2], ids[3]]);
  });

  it('keeps the newest, also when it alone is more than its share', () => {
    const ledger = new FairLedger(10, 100);
    ledger.add('a', 'a1', 40);
    ledger.add('b', 'b1', 80);
    expect([ledger.use('a1'), ledger.use('b1')]).toEqual([undefined, expect.any(Number)]);
    // Now it has more than one, and its own go.
    ledger.add('a', 'a2', 20);
    ledger.add('b', 'b2', 80);
    expect([ledger.use('a2'), ledger.use('b1'), ledger.use('b2')]).toEqual([
      expect.any(Number),
      undefined,
      expect.any(Number),
    ]);
  });
});
