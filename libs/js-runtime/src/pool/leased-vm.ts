import type { RetireReason } from '../process/retire-reason.ts';
import type { VmExit } from '../process/vm-gone.error.ts';
import type {
  CompileReply,
  CompileRequest,
  HeldScript,
  LinkReply,
  LinkRequest,
  RunReply,
  RunRequest,
} from '../process/vm-request.ts';
import type { Vm } from './vm-factory.ts';

/** A VM as its lessee has it: to look at for ever, to use until the lease ends. */
export class LeasedVm implements Vm {
  readonly #vm: Vm;
  readonly #assertHeld: () => void;

  /** @param assertHeld throws when the lease has ended */
  constructor(vm: Vm, assertHeld: () => void) {
    this.#vm = vm;
    this.#assertHeld = assertHeld;
  }

  get id(): string {
    return this.#vm.id;
  }

  get pid(): number {
    return this.#vm.pid;
  }

  get alive(): boolean {
    return this.#vm.alive;
  }

  get exited(): Promise<VmExit> {
    return this.#vm.exited;
  }

  held(scriptKey: string, maxMemoryMb: number): HeldScript | undefined {
    return this.#vm.held(scriptKey, maxMemoryMb);
  }

  async run(request: RunRequest): Promise<RunReply> {
    this.#assertHeld();
    return this.#vm.run(request);
  }

  async compile(request: CompileRequest): Promise<CompileReply> {
    this.#assertHeld();
    return this.#vm.compile(request);
  }

  async link(request: LinkRequest): Promise<LinkReply> {
    this.#assertHeld();
    return this.#vm.link(request);
  }

  kill(reason: RetireReason): void {
    this.#assertHeld();
    this.#vm.kill(reason);
  }
}
