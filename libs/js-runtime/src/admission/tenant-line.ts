import type { TenantPolicy } from '../config/tenant-policy.ts';
import type { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Deadline } from './deadline.ts';
import { ServiceTime } from './service-time.ts';

/** A script that a VM may hold compiled, or keep a realm for. */
export interface WantedScript {
  readonly key: string;
  readonly maxMemoryMb: number;
  /** Of the realm, where a warm one is wanted. */
  readonly realmKey?: string | undefined;
}

/** Somebody who waits for a `T`. */
export interface Waiter<T> {
  readonly line: TenantLine<T>;
  readonly deadline: Deadline;
  /** `performance.now()` at which it began to wait. */
  readonly since: number;
  /** `performance.now()` since when it waits for a `T` only, and no more for its own tenant; undefined until then. */
  mayRunSince: number | undefined;
  /** What it is wanted for: of several, one that holds this script is better. */
  readonly script: WantedScript | undefined;
  grant(item: T): void;
  refuse(error: JsRuntimeError): void;
}

/** What one tenant runs, and who of it waits, first come, first served. Lives while there is any of both. */
export class TenantLine<T> {
  readonly waiters = new Set<Waiter<T>>();
  readonly serviceTime = new ServiceTime();
  /** When each of its running executions began (`performance.now()`). */
  readonly running = new Map<T, number>();
  /** Places that stay taken although nothing runs in them: what ran there has used something up that is being replaced. */
  owed = 0;
  /** How many wait for what others of it have, instead of something of their own. */
  behind = 0;
  /** Those of its waiters that wait for some of these: they are counted there. */
  standIns = 0;

  constructor(
    readonly tenantId: string,
    public policy: TenantPolicy,
    /** Turns taken, by weight: whoever has the least is next. One that is behind the queue's own counts as that. */
    public virtualTime: number,
  ) {}

  /** How many more may run at once. */
  get vacancies(): number {
    return Math.max(0, this.policy.tenantConcurrency - this.running.size - this.owed);
  }

  /** Whether somebody who comes new would be the first of the tenant to have a `T`. */
  get isNextNew(): boolean {
    return this.waiters.size === 0 && this.vacancies > 0;
  }

  /** Whether another one may wait, with this share of the queue that there usually is. One that may run as soon as there is a VM does not count as queued. */
  isFull(queueShare: number): boolean {
    const waiting = this.waiters.size - this.standIns + this.behind;
    return waiting >= Math.ceil(queueShare * this.policy.tenantQueueSize) + this.vacancies;
  }

  /** Its first waiters may run by now: as many as it has vacancies. */
  noteWhoMayRun(now: number): void {
    let left = this.vacancies;
    for (const waiter of this.waiters) {
      if (left-- === 0) return;
      waiter.mayRunSince ??= now;
    }
  }

  get isEmpty(): boolean {
    return this.waiters.size === 0 && this.running.size === 0 && this.owed === 0 && this.behind === 0;
  }

  /** How long one of its executions takes: those that run count as well, or endless ones would seem to take no time. */
  serviceMs(now: number): number {
    let ms = this.serviceTime.meanMs;
    for (const since of this.running.values()) ms = Math.max(ms, now - since);
    return ms;
  }
}
