import type { Vm, VmExit, VmFactory } from '../src/pool/vm-factory.ts';
import { KeptScripts } from '../src/protocol/kept-scripts.ts';
import type { RetireReason } from '../src/process/retire-reason.ts';
import { VmGoneError } from '../src/process/vm-gone.error.ts';

/** A VM without a process: it ends when it is told to, and remembers whose code its isolate has run. */
export class FakeVm implements Vm {
  readonly keptScripts = new KeptScripts<true>();
  readonly exited: Promise<VmExit>;
  recycled = true;
  /** Tenants that the present isolate has served; a reset empties it. */
  readonly tenantsOfIsolate = new Set<string>();
  resets = 0;
  /** While true, a VM that was killed stays a dying process until `exit()`. */
  lingers = false;
  healthy = true;
  #gone: RetireReason | undefined;
  #settleExit!: (exit: VmExit) => void;

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
    if (!this.lingers) this.exit();
  }

  /** The process is gone: by itself, unless somebody killed it before. */
  exit(): void {
    this.#gone ??= 'crashed';
    this.#settleExit({ reason: this.#gone, code: null, signal: 'SIGKILL' });
  }

  get goneError(): VmGoneError | undefined {
    return this.#gone && new VmGoneError(this.#gone);
  }

  async check(): Promise<void> {
    if (!this.healthy) this.kill('unhealthy');
    if (this.goneError) throw this.goneError;
    return Promise.resolve();
  }

  async run(): Promise<never> {
    return Promise.reject(new Error('a fake VM runs nothing'));
  }

  async compile(): Promise<never> {
    return Promise.reject(new Error('a fake VM compiles nothing'));
  }
}

/** Something the factory was asked for that the test answers. */
interface Held {
  succeed(): void;
  fail(error?: Error): void;
}

export interface HeldReset extends Held {
  readonly vm: FakeVm;
  readonly tenantId: string;
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

  async reset(given: Vm, tenantId: string): Promise<void> {
    const vm = given as FakeVm;
    if (this.holdsResets) {
      // As a real VM does: its end is the end of the request.
      const gone = vm.exited.then(() => {
        throw vm.goneError ?? new Error('exited, but not gone');
      });
      await Promise.race([this.#hold(this.heldResets, { vm, tenantId }), gone]);
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
