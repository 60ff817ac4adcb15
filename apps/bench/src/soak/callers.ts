import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeOf, type Library } from '../library.ts';
import { Tally } from '../report.ts';
import { isAnswer, pickKind, REFUSALS, type Kind } from './kinds.ts';
import type { SoakOptions } from './options.ts';
import { seededRandom, type Random } from './random.ts';

/** More than there are VMs, so that queues and cancelling in them are part of it. */
const CALLERS_PER_VM = 5;
const KILL_EVERY_MS = 2000;
const MAX_PAUSE_MS = 100;

/** Callers in closed loops, for many tenants, with any kind of script; and somebody who kills VMs. */
export class Callers {
  readonly outcomes = new Tally();
  readonly outcomesByKind = new Map<Kind, Tally>();
  /** Endings that no execution of that kind may have. */
  readonly faults = new Tally();
  kills = 0;
  readonly #library: Library;
  readonly #options: SoakOptions;
  readonly #random: Random;
  /** Never fires. */
  readonly #longLived = new AbortController().signal;
  #started = 0;
  #isOver = false;

  constructor(library: Library, options: SoakOptions) {
    this.#library = library;
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  get executions(): number {
    return this.outcomes.total;
  }

  /** Executions that have not ended. */
  get underWay(): number {
    return this.#started - this.executions;
  }

  /** Resolves when they were told to stop, and every execution has ended. */
  async start(): Promise<void> {
    const killing = setInterval(() => {
      this.#killSomeVm();
    }, KILL_EVERY_MS);
    await Promise.all(Array.from({ length: CALLERS_PER_VM * this.#options.vms }, () => this.#callInALoop()));
    clearInterval(killing);
  }

  stop(): void {
    this.#isOver = true;
  }

  async #callInALoop(): Promise<void> {
    while (!this.#isOver && this.#started < this.#options.executions) {
      const outcome = await this.#call(pickKind(this.#random), this.#pickTenant());
      // Who is refused comes again, in less time than it is told to: the queues are to stay full.
      if (REFUSALS.includes(outcome)) await sleep(this.#random(MAX_PAUSE_MS));
    }
  }

  async #call(kind: Kind, tenantId: string): Promise<string> {
    const input = this.#started++;
    const script = typeof kind.script === 'string' ? kind.script : kind.script(this.#random);
    const signal = kind.hasLongSignal ? this.#longLived : cancelledAfter(kind.cancelAfterMs);
    const execution = this.#library.runAs(tenantId, script, { ...kind.options, input, signal });
    const checked = execution.then(({ value }) => {
      if (!isAnswer(value, tenantId, input)) throw new Error(`a wrong result: ${JSON.stringify(value).slice(0, 100)}`);
    });
    const outcome = await outcomeOf(checked);
    this.#count(kind, outcome);
    return outcome;
  }

  #count(kind: Kind, outcome: string): void {
    this.outcomes.add(outcome);
    const ofKind = this.outcomesByKind.get(kind) ?? new Tally();
    this.outcomesByKind.set(kind, ofKind);
    ofKind.add(outcome);
    // That there are not more crashes than kills is judged at the end.
    const mayBe: readonly string[] = [...kind.ends, ...REFUSALS, 'VM_CRASHED'];
    if (!mayBe.includes(outcome)) this.faults.add(`'${kind.name}' ended with ${outcome}`);
  }

  /** One tenant is busier than all others, and some come once and never again. */
  #pickTenant(): string {
    const dice = this.#random(100);
    if (dice < 20) return 'tenant-0';
    if (dice < 30) return `visitor-${this.#started}`;
    return `tenant-${this.#random(this.#options.tenants)}`;
  }

  /** From outside, as the kernel's out-of-memory killer or an operator would. */
  #killSomeVm(): void {
    const vms = this.#library.pool.vms().filter(({ healthy }) => healthy);
    const vm = vms[this.#random(vms.length)];
    if (!vm) return;
    // It was not reaped, or the pool would know: the pid cannot be another process's by now.
    process.kill(vm.pid, 'SIGKILL');
    this.kills++;
  }
}

function cancelledAfter(delayMs: number | undefined): AbortSignal | undefined {
  if (delayMs === undefined) return undefined;
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort();
  }, delayMs);
  return controller.signal;
}
