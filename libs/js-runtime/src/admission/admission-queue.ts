import type { TenantPolicies, TenantPolicy } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { CancelSignal } from './cancellation.ts';
import type { Deadline } from './deadline.ts';
import { retryAfterMs, ServiceTime } from './service-time.ts';
import { TenantLine, type WantedScript, type Waiter } from './tenant-line.ts';

/** Beyond so many that left, the one that left first is forgotten: it profits by one turn. */
const MAX_DEPARTED = 1000;

/** How many can be served at the same time, for estimates. */
type Parallelism = () => number;

/**
 * Who may have a `T`, and who is next. Every tenant has a line of its own, and may have `tenantConcurrency` at a time. The
 * tenants take turns, by weight: start-time fair queueing with one unit per turn
 * (Goyal, Vin, Cheng: https://doi.org/10.1145/248157.248171). A tenant that comes new starts where the others are; it
 * neither pays for the time it was away nor profits from it.
 */
export class AdmissionQueue<T> {
  readonly #lines = new Map<string, TenantLine<T>>();
  readonly #serviceTime = new ServiceTime();
  /** Virtual times of tenants that have left, while others wait who are not as far: a turn taken is not forgotten by leaving. */
  readonly #departed = new Map<string, number>();
  #virtualTime = 0;
  #waiting = 0;
  #behind = 0;
  /** Of all lines, and when they began: a refusal, of which there may be many, must not look at each. */
  #running = 0;
  #startedAtSum = 0;

  constructor(
    private readonly policies: TenantPolicies,
    private readonly queueSize: number,
    private readonly parallelism: Parallelism,
    /** Told of everybody who is sent away, at once. */
    private readonly onRefused: (error: JsRuntimeError) => void,
    /** The share of all queues that may be used now. */
    private readonly queueShare: () => number = () => 1,
  ) {}

  /** Everybody who waits. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Those who wait for what others of their tenant have. */
  get behind(): number {
    return this.#behind;
  }

  /** Whether somebody waits who may run as soon as there is a VM. */
  get isAnybodyNext(): boolean {
    if (this.#waiting === 0) return false;
    for (const line of this.#lines.values()) if (line.waiters.size > 0 && line.vacancies > 0) return true;
    return false;
  }

  /** The tenant's line, with its policy as it is now. @throws what the policies' resolver throws */
  lineOf(tenantId: string): TenantLine<T> {
    const policy = this.policies.of(tenantId);
    const line = this.#lines.get(tenantId);
    if (!line) return new TenantLine<T>(tenantId, policy, this.#departed.get(tenantId) ?? 0);
    line.policy = policy;
    return line;
  }

  /** Why somebody new would be sent away now, if so; of a tenant that none of runs or waits that is not known before it asks. */
  refusalOf(tenantId: string, policy: TenantPolicy): JsRuntimeError | undefined {
    const line = this.#lines.get(tenantId);
    if (!line) return undefined;
    line.policy = policy;
    // The next one may have a VM at once.
    return line.isNextNew ? undefined : this.#refusal(line);
  }

  /** Why one more of a tenant may not wait for what others of it have, if so. */
  refusalBehind(tenantId: string): JsRuntimeError | undefined {
    return this.#refusal(this.lineOf(tenantId));
  }

  /** So many more wait for what others of the tenant have, or fewer. */
  waitBehind(tenantId: string, more: number): void {
    const line = this.#lines.get(tenantId) ?? this.lineOf(tenantId);
    this.#lines.set(tenantId, line);
    line.behind += more;
    this.#behind += more;
    if (more < 0) this.#hasChanged(line);
  }

  /**
   * Waits in a line.
   *
   * @param isStandIn whether it waits for some who are counted as waiting behind others
   * @throws JsRuntimeError TENANT_BUSY when the line is full, or the deadline passes while the tenant runs as many as it may;
   * POOL_EXHAUSTED when all lines together are full, or the deadline passes otherwise; CANCELLED when the signal fires
   */
  async wait(
    line: TenantLine<T>,
    deadline: Deadline,
    signal: CancelSignal | undefined,
    script?: WantedScript,
    isStandIn = false,
  ): Promise<T> {
    const refusal = isStandIn ? undefined : this.#refusal(line);
    if (refusal) {
      this.onRefused(refusal);
      throw refusal;
    }
    this.#lines.set(line.tenantId, line);
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        line.waiters.delete(waiter);
        if (isStandIn) line.standIns--;
        this.#waiting--;
      };
      const now = performance.now();
      const waiter: Waiter<T> = {
        line,
        deadline,
        since: now,
        mayRunSince: line.waiters.size < line.vacancies ? now : undefined,
        script,
        grant: (item) => {
          leave();
          resolve(item);
        },
        refuse: (error) => {
          leave();
          this.#hasChanged(line);
          this.onRefused(error);
          reject(error);
        },
      };
      const onAbort = (): void => {
        waiter.refuse(new JsRuntimeError('CANCELLED', 'The execution was cancelled while it waited for a VM'));
      };
      const timer = setTimeout(() => {
        this.refuseLate(waiter);
      }, deadline.remainingMs);
      signal?.addEventListener('abort', onAbort);
      line.waiters.add(waiter);
      if (isStandIn) line.standIns++;
      this.#waiting++;
    });
  }

  /**
   * Those who may run, in the order in which they are to be served. Whoever is still waiting when the next is asked for is
   * passed over.
   *
   * @param mayBegin asked of each line, each time: of those that it says no to nobody is next
   */
  *inTurn(mayBegin: (line: TenantLine<T>) => boolean = () => true): Generator<Waiter<T>, void, undefined> {
    const passed = new Map<TenantLine<T>, number>();
    for (;;) {
      let next: TenantLine<T> | undefined;
      let nextAt = Infinity;
      for (const line of this.#lines.values()) {
        const skip = passed.size === 0 ? 0 : (passed.get(line) ?? 0);
        if (line.waiters.size <= skip || line.vacancies <= skip) continue;
        const at = Math.max(line.virtualTime, this.#virtualTime) + skip / line.policy.tenantWeight;
        if (at >= nextAt || !mayBegin(line)) continue;
        next = line;
        nextAt = at;
      }
      if (!next) return;
      const skip = passed.get(next) ?? 0;
      const waiter = nth(next.waiters, skip);
      yield waiter;
      if (next.waiters.has(waiter)) passed.set(next, skip + 1);
    }
  }

  /** How many who may run have waited since before a point of `performance.now()`, and when the next began to, if any. Whose line may not begin does not count. */
  waitingSince(
    before: number,
    mayBegin: (line: TenantLine<T>) => boolean = () => true,
  ): { count: number; nextSince: number | undefined } {
    let count = 0;
    let nextSince: number | undefined;
    for (const line of this.#lines.values()) {
      let left = line.vacancies;
      if (left === 0 || line.waiters.size === 0 || !mayBegin(line)) continue;
      for (const { since } of line.waiters) {
        if (left-- === 0) break;
        if (since <= before) {
          count++;
        } else {
          nextSince = Math.min(nextSince ?? Infinity, since);
          break;
        }
      }
    }
    return { count, nextSince };
  }

  /** The first that waits of a tenant, if it may run; whose deadline has passed is sent away. */
  nextOf(tenantId: string): Waiter<T> | undefined {
    const line = this.#lines.get(tenantId);
    if (!line || line.vacancies === 0) return undefined;
    for (const waiter of line.waiters) {
      if (!waiter.deadline.isOver) return waiter;
      this.refuseLate(waiter);
    }
    return undefined;
  }

  /** The line's tenant has one more from now on: it has taken a turn. */
  took(line: TenantLine<T>, item: T): void {
    this.tookMore(line, item);
    this.#virtualTime = Math.max(this.#virtualTime, line.virtualTime);
    line.virtualTime = this.#virtualTime + 1 / line.policy.tenantWeight;
    for (const [tenantId, at] of this.#departed) {
      if (at > this.#virtualTime && this.#departed.size <= MAX_DEPARTED) break;
      this.#departed.delete(tenantId);
    }
  }

  /** The same, but as part of a turn that it has taken. */
  tookMore(line: TenantLine<T>, item: T): void {
    const now = performance.now();
    this.#lines.set(line.tenantId, line);
    line.running.set(item, now);
    this.#running++;
    this.#startedAtSum += now;
  }

  /** It has one less. Its place is free at once, or, if something is owed for it, when that is settled. */
  gaveBack(line: TenantLine<T>, item: T, owes = false): void {
    const startedAt = line.running.get(item) ?? 0;
    const servedMs = performance.now() - startedAt;
    line.running.delete(item);
    this.#running--;
    // Sums of fractions are never quite undone.
    this.#startedAtSum = this.#running === 0 ? 0 : this.#startedAtSum - startedAt;
    line.serviceTime.record(servedMs);
    this.#serviceTime.record(servedMs);
    if (owes) line.owed++;
    else this.#hasChanged(line);
  }

  /** What was owed for one place has been replaced. */
  settled(line: TenantLine<T>): void {
    line.owed--;
    this.#hasChanged(line);
  }

  /**
   * How long those have waited who would run if there was a VM, in milliseconds: since they would. What a tenant waits for itself
   * is no load.
   */
  waitedMs(now: number): number[] {
    const waited: number[] = [];
    for (const { waiters } of this.#lines.values()) {
      for (const { mayRunSince } of waiters) if (mayRunSince !== undefined) waited.push(now - mayRunSince);
    }
    return waited;
  }

  /** Sends away somebody whose deadline has passed, and says what it waited for. */
  refuseLate(waiter: Waiter<T>): void {
    waiter.refuse(this.lateError(waiter.line, waiter.deadline));
  }

  /** What somebody has waited for until the deadline. */
  lateError(line: TenantLine<T>, { timeoutMs }: Deadline): JsRuntimeError {
    return line.vacancies === 0
      ? this.#tenantBusy(line, `${this.#howBusy(line)}, during all of ${timeoutMs} ms`)
      : this.#poolExhausted(`No VM came free within ${timeoutMs} ms`);
  }

  refuseAll(makeError: () => JsRuntimeError): void {
    for (const line of [...this.#lines.values()]) for (const waiter of [...line.waiters]) waiter.refuse(makeError());
  }

  #refusal(line: TenantLine<T>): JsRuntimeError | undefined {
    if (line.isFull(this.queueShare())) {
      const waiting = line.waiters.size - line.standIns + line.behind;
      if (line.vacancies > 0) return this.#poolExhausted(`No VM is free, and ${waiting} of the tenant wait already`);
      return this.#tenantBusy(line, `${this.#howBusy(line)}, and ${waiting} wait: no more may`);
    }
    return this.#isFullFor(line) ? this.#poolExhausted(`${this.#size} executions wait already`) : undefined;
  }

  /**
   * Those who wait for a VM and those who wait for their own tenant are counted apart: else tenants that are busy with
   * themselves would keep others from VMs that are free.
   */
  #isFullFor(line: TenantLine<T>): boolean {
    if (this.#waiting + this.#behind < this.#size) return false;
    let forVm = 0;
    for (const { waiters, vacancies } of this.#lines.values()) forVm += Math.min(waiters.size, vacancies);
    const isForVm = line.waiters.size < line.vacancies;
    return (isForVm ? forVm : this.#waiting - forVm + this.#behind) >= this.#size;
  }

  get #size(): number {
    return Math.ceil(this.queueShare() * this.queueSize);
  }

  #howBusy({ running, owed }: TenantLine<T>): string {
    const replaced = owed === 0 ? '' : `, ${owed} VMs that others of it have cost are being replaced`;
    return `${running.size} executions of the tenant run${replaced}`;
  }

  #tenantBusy(line: TenantLine<T>, message: string): JsRuntimeError {
    const { tenantConcurrency } = line.policy;
    const serviceMs = line.serviceMs(performance.now());
    return new JsRuntimeError('TENANT_BUSY', message, {
      limit: { name: 'tenantConcurrency', allowed: tenantConcurrency, used: line.running.size + line.owed },
      retryAfterMs: retryAfterMs(line.waiters.size, tenantConcurrency, serviceMs),
    });
  }

  #poolExhausted(message: string): JsRuntimeError {
    const serviceMs = Math.max(this.#serviceTime.meanMs, this.#meanAgeMs);
    return new JsRuntimeError('POOL_EXHAUSTED', message, {
      retryAfterMs: retryAfterMs(this.#waiting, this.parallelism(), serviceMs),
    });
  }

  /** How long what runs now has been running, on average; 0 when nothing does. */
  get #meanAgeMs(): number {
    return this.#running === 0 ? 0 : performance.now() - this.#startedAtSum / this.#running;
  }

  /** One of it runs, or waits, no more. */
  #hasChanged(line: TenantLine<T>): void {
    if (line.waiters.size > 0) line.noteWhoMayRun(performance.now());
    if (!line.isEmpty) return;
    this.#lines.delete(line.tenantId);
    if (this.#waiting === 0) this.#departed.clear();
    else if (line.virtualTime > this.#virtualTime) {
      // Whoever leaves again leaves last.
      this.#departed.delete(line.tenantId);
      this.#departed.set(line.tenantId, line.virtualTime);
    }
  }
}

function nth<T>(items: Iterable<T>, index: number): T {
  for (const item of items) if (index-- === 0) return item;
  throw new RangeError('there are not so many');
}
