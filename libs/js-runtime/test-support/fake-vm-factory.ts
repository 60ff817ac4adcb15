import type { PoolVm, Vm, VmExit, VmFactory } from '../src/pool/vm-factory.ts';
import type { CompileRequest, HeldScript, LinkReply, LinkRequest } from '../src/process/vm-request.ts';
import type { RetireReason } from '../src/process/retire-reason.ts';
import { VmGoneError } from '../src/process/vm-gone.error.ts';

/** A VM without a process: it ends when it is told to, and remembers whose code it has run. */
export class FakeVm implements PoolVm {
  readonly exited: Promise<VmExit>;
  onRecycled: (() => void) | undefined;
  recycled = true;
  isolateMemoryMb: number | undefined;
  busy = false;
  /** Whether its recycling takes too long. */
  isStuck = false;
  /** Tenants that the present isolate has served; a reset empties it. */
  readonly tenantsOfIsolate = new Set<string>();
  /** Tenants that the process has served. */
  readonly tenantsOfProcess = new Set<string>();
  resets = 0;
  checks = 0;
  /** While true, a VM that was killed stays a dying process until `exit()`. */
  lingers = false;
  healthy = true;
  /** While true, a check waits for `answerCheck()`. */
  holdsChecks = false;
  /** While true, what it is to link waits for `answerLink()`. */
  holdsLinks = false;
  /** What it ends of when it is to link something, if it does. */
  endsOnLink: RetireReason | undefined;
  answerLink: () => void = () => undefined;
  readonly lastSeenBytes = 0;
  ranMs = 0;
  keepsTooMuch = false;
  canBeReset = true;
  readonly heldKeys = new Set<string>();
  /** Of the warm realms that it keeps. */
  readonly realmKeys = new Set<string>();
  /** What its request exceeds, if anything. */
  exceeds: 'cpu' | 'memory' | undefined;
  nice = 0;
  /** As the OS does for a backend without privileges. */
  refusesToRestore = false;
  #gone: RetireReason | undefined;
  #settleExit!: (exit: VmExit) => void;
  #answerCheck: (() => void) | undefined;

  constructor(
    readonly id: string,
    readonly pid: number,
  ) {
    this.exited = new Promise((resolve) => {
      this.#settleExit = resolve;
    });
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  kill(reason: RetireReason): void {
    if (!this.alive) return;
    this.#gone = reason;
    this.#answerCheck?.();
    if (!this.lingers) this.exit();
  }

  /** The process is gone: by itself, unless somebody killed it before. */
  exit(signal: NodeJS.Signals | null = this.#gone ? 'SIGKILL' : null): void {
    this.#gone ??= 'crashed';
    this.#answerCheck?.();
    this.#settleExit({ reason: this.#gone, code: signal === null ? 1 : null, signal });
  }

  get goneError(): VmGoneError | undefined {
    return this.#gone && new VmGoneError(this.#gone);
  }

  /** Its next realm is made. */
  finishRecycling(): void {
    this.recycled = true;
    if (this.alive) this.onRecycled?.();
  }

  recyclingOverdue(): boolean {
    return this.isStuck;
  }

  cpuMs(): number {
    return this.ranMs;
  }

  memoryBytes(): number {
    return 16e6;
  }

  enforceLimits(): void {
    if (this.exceeds) this.kill(this.exceeds);
  }

  held(scriptKey: string): HeldScript | undefined {
    return this.heldKeys.has(scriptKey) ? { imports: [], compileMs: 0 } : undefined;
  }

  setPriority(nice: number): boolean {
    if (nice < this.nice && this.refusesToRestore) return false;
    this.nice = nice;
    return true;
  }

  async check(): Promise<void> {
    this.checks++;
    if (this.holdsChecks) {
      await new Promise<void>((resolve) => {
        this.#answerCheck = resolve;
      });
    }
    if (!this.healthy) this.kill('unhealthy');
    if (this.goneError) throw this.goneError;
    return Promise.resolve();
  }

  answerCheck(): void {
    this.#answerCheck?.();
  }

  async run(): Promise<never> {
    return Promise.reject(new Error('a fake VM runs nothing'));
  }

  async compile({ script }: CompileRequest): Promise<never> {
    return Promise.reject(new Error(`a fake VM compiles nothing, nor ${script.name}`));
  }

  warmRealm(): undefined {
    return undefined;
  }

  keeps(key: string): boolean {
    return this.realmKeys.has(key);
  }

  linked(): undefined {
    return undefined;
  }

  invoke(): never {
    throw new Error('a fake runs nothing');
  }

  cancel(): never {
    throw new Error('a fake runs nothing');
  }

  recall(): never {
    throw new Error('a fake runs nothing');
  }

  forget(): void {
    // It keeps none.
  }

  async link({ units }: LinkRequest): Promise<LinkReply> {
    if (this.holdsLinks) {
      await new Promise<void>((resolve) => {
        this.answerLink = resolve;
      });
    }
    if (this.endsOnLink) this.kill(this.endsOnLink);
    if (this.goneError) throw this.goneError;
    for (const { key } of units) this.heldKeys.add(key);
    return { outcome: { kind: 'compiled', imports: [] }, cpuMs: 0, peakMemoryBytes: 0 };
  }
}

/** Something the factory was asked for that the test answers. */
interface Held {
  succeed(): void;
  fail(error?: Error): void;
}

export interface HeldReset extends Held {
  readonly vm: FakeVm;
}

/** Makes {@link FakeVm}s: at once, or, while it holds, when the test says so. */
export class FakeVmFactory implements VmFactory {
  /** Every VM that was ever made. */
  readonly vms: FakeVm[] = [];
  readonly destroyed: { readonly vm: FakeVm; readonly reason: RetireReason }[] = [];
  /** Starts and resets that wait for the test, oldest first. */
  readonly heldStarts: Held[] = [];
  readonly heldResets: HeldReset[] = [];
  holdsStarts = false;
  holdsResets = false;
  /** Starts that are still to fail, of those that are not held. */
  failingStarts = 0;
  startsAsked = 0;
  startsGivenUp = 0;
  /** Whether held starts fail when their signal fires. */
  heedsSignals = false;

  async create(signal?: AbortSignal): Promise<FakeVm> {
    this.startsAsked++;
    if (this.holdsStarts) {
      const start = this.#hold(this.heldStarts, {});
      signal?.addEventListener('abort', () => {
        this.startsGivenUp++;
        if (this.heedsSignals) for (const held of [...this.heldStarts]) held.fail(new Error('given up'));
      });
      await start;
    } else if (this.failingStarts > 0) {
      this.failingStarts--;
      throw new Error('the fake start failed');
    }
    const number = this.vms.length + 1;
    const vm = new FakeVm(`vm-${number}`, 1000 + number);
    this.vms.push(vm);
    return vm;
  }

  async reset(given: Vm): Promise<void> {
    const vm = given as FakeVm;
    if (this.holdsResets) {
      // As a real VM does: its end is the end of the request.
      const gone = vm.exited.then(() => {
        throw vm.goneError ?? new Error('exited, but not gone');
      });
      await Promise.race([this.#hold(this.heldResets, { vm }), gone]);
    }
    if (vm.goneError) throw vm.goneError;
    vm.tenantsOfIsolate.clear();
    vm.resets++;
  }

  async destroy(given: Vm, reason: RetireReason): Promise<void> {
    const vm = given as FakeVm;
    this.destroyed.push({ vm, reason });
    vm.kill(reason);
    await vm.exited;
  }

  get living(): FakeVm[] {
    return this.vms.filter((vm) => vm.alive);
  }

  async #hold<T extends object>(list: (Held & T)[], what: T): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        list.splice(list.indexOf(held), 1);
      };
      const held: Held & T = {
        ...what,
        succeed: () => {
          leave();
          resolve();
        },
        fail: (error = new Error('the test let it fail')) => {
          leave();
          reject(error);
        },
      };
      list.push(held);
    });
  }
}
