import fc from 'fast-check';
import { compileOptions } from '../config/compile-options.ts';
import { TenantPolicies, type TenantOverrides } from '../config/tenant-policy.ts';
import { AdmissionQueue } from './admission-queue.ts';
import { Deadline } from './deadline.ts';
import type { TenantLine } from './tenant-line.ts';

const { jest } = import.meta;

const TENANTS = 4;
/** Any other does as well; with the same one a failure is found again. */
const SEED = 20_260_101;
/** For sums of fractions like 1/3. */
const ROUNDING = 1e-6;

const tenant = fc.nat({ max: TENANTS - 1 });
const which = fc.nat({ max: 1000 });

/** What may happen next. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('arrive'), tenant, count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('grant'), unsuited: fc.constant<number[]>([]) }) },
  // Nothing that is free suits these tenants, so they are passed over.
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('grant'), unsuited: fc.uniqueArray(tenant, { maxLength: TENANTS }) }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('giveBack'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), which }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const policy = fc.record({
  tenantWeight: fc.integer({ min: 1, max: 10 }),
  tenantConcurrency: fc.integer({ min: 1, max: 12 }),
});
const policies = fc.array(policy, { minLength: TENANTS, maxLength: TENANTS });
const steps = fc.array(step, { minLength: 100, maxLength: 400, size: 'max' });

/** One tenant, and an account of it that does not ask the queue. */
class Tenant {
  readonly id: string;
  readonly waiting: AbortController[] = [];
  running = 0;

  constructor(
    index: number,
    readonly weight: number,
    readonly concurrency: number,
  ) {
    this.id = String(index);
  }

  /** How many of those who wait may run. */
  get eligible(): number {
    return Math.max(0, Math.min(this.waiting.length, this.concurrency - this.running));
  }
}

/** Two tenants, for as long as both could have had every turn. */
class Race {
  #lead = 0;
  #least = 0;
  #most = 0;
  turns = 0;

  constructor(
    readonly one: Tenant,
    readonly other: Tenant,
  ) {}

  /** How far they have drifted apart, at most, in any part of the time: turns by weight. */
  get drift(): number {
    return this.#most - this.#least;
  }

  /** One turn of each. */
  get maxDrift(): number {
    return 1 / this.one.weight + 1 / this.other.weight;
  }

  count(winner: Tenant): void {
    if (winner !== this.one && winner !== this.other) return;
    this.turns++;
    this.#lead += (winner === this.one ? 1 : -1) / winner.weight;
    this.#least = Math.min(this.#least, this.#lead);
    this.#most = Math.max(this.#most, this.#lead);
  }

  startAnew(): void {
    this.#lead = this.#least = this.#most = this.turns = 0;
  }
}

/** A queue, and tenants that use it. */
class Scenario {
  readonly queue: AdmissionQueue<object>;
  readonly tenants: readonly Tenant[];
  readonly races: readonly Race[];
  readonly lent: { readonly tenant: Tenant; readonly line: TenantLine<object>; readonly item: object }[] = [];
  readonly faults: string[] = [];
  longestRace = 0;

  constructor(overrides: readonly Required<Pick<TenantOverrides, 'tenantWeight' | 'tenantConcurrency'>>[]) {
    this.tenants = overrides.map((one, i) => new Tenant(i, Number(one.tenantWeight), Number(one.tenantConcurrency)));
    this.races = this.tenants.flatMap((one, i) => this.tenants.slice(i + 1).map((other) => new Race(one, other)));
    const tenants = (id: string): TenantOverrides | undefined => overrides[Number(id)];
    const policies = new TenantPolicies(compileOptions({ tenantQueueSize: 100_000, tenants }));
    const onRefused = (): void => undefined;
    this.queue = new AdmissionQueue(policies, 100_000, () => 4, onRefused);
  }

  play(next: Step): void {
    if ('count' in next) for (let i = 0; i < next.count; i++) this.arrive(this.tenants[next.tenant]);
    else if ('unsuited' in next) this.grant(this.tenants.filter((_, i) => !next.unsuited.includes(i)));
    else if (next.kind === 'giveBack') this.giveBack(next.which);
    else this.cancel(next.which);
    this.keepRacing((one) => one.eligible > 0);
    this.checkTurns();
  }

  arrive(one: Tenant | undefined): void {
    if (!one) return;
    const controller = new AbortController();
    this.queue.wait(this.queue.lineOf(one.id), new Deadline(1000), controller.signal).catch(() => undefined);
    one.waiting.push(controller);
  }

  grant(suited: readonly Tenant[]): void {
    this.keepRacing((one) => one.eligible > 0 && suited.includes(one));
    for (const waiter of this.queue.inTurn()) {
      const winner = suited.find(({ id }) => id === waiter.line.tenantId);
      if (!winner) continue;
      const item = {};
      this.queue.took(waiter.line, item);
      waiter.grant(item);
      this.lent.push({ tenant: winner, line: waiter.line, item });
      winner.waiting.shift();
      winner.running++;
      for (const race of this.races) race.count(winner);
      this.checkRaces();
      return;
    }
    for (const one of suited) if (one.eligible > 0) this.faults.push(`nobody is served, and ${one.id} waits`);
  }

  giveBack(index: number): void {
    const [back] = this.lent.splice(index % Math.max(1, this.lent.length), 1);
    if (!back) return;
    back.tenant.running--;
    this.queue.gaveBack(back.line, back.item);
  }

  cancel(index: number): void {
    const [gone] = this.tenants[index % TENANTS]?.waiting.splice(-1) ?? [];
    gone?.abort();
  }

  keepRacing(isIn: (one: Tenant) => boolean): void {
    for (const race of this.races) if (!isIn(race.one) || !isIn(race.other)) race.startAnew();
  }

  checkRaces(): void {
    for (const { one, other, drift, maxDrift, turns } of this.races) {
      if (drift > maxDrift + ROUNDING) this.faults.push(`${one.id} and ${other.id} have drifted apart by ${drift}`);
      this.longestRace = Math.max(this.longestRace, turns);
    }
  }

  /** Nobody is missing who may run, and nobody is there who may not. */
  checkTurns(): void {
    const inTurn = [...this.queue.inTurn()].map(({ line }) => line.tenantId);
    for (const { id, eligible } of this.tenants) {
      const found = inTurn.filter((other) => other === id).length;
      if (found !== eligible) this.faults.push(`${found} of ${id} are in turn, and ${eligible} may run`);
    }
    if (this.queue.isAnybodyNext !== inTurn.length > 0) this.faults.push('isAnybodyNext is wrong');
    const waiting = this.tenants.reduce((sum, one) => sum + one.waiting.length, 0);
    if (this.queue.waiting !== waiting) this.faults.push(`${waiting} wait, not ${this.queue.waiting}`);
  }
}

describe('AdmissionQueue, whatever happens', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives two tenants turns by weight, but for one of each, while both wait and may run', () => {
    let longestRace = 0;
    const property = fc.property(policies, steps, (overrides, plan) => {
      const scenario = new Scenario(overrides);
      for (const next of plan) scenario.play(next);
      longestRace = Math.max(longestRace, scenario.longestRace);
      jest.clearAllTimers();
      expect(scenario.faults).toEqual([]);
    });
    fc.assert(property, { seed: SEED, numRuns: 200 });
    // Else it would prove nothing.
    expect(longestRace).toBeGreaterThan(25);
  });
});
