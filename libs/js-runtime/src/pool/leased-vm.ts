import type { RetireReason } from '../process/retire-reason.ts';
import type { LinkedModules } from '../process/linked-modules.ts';
import type { InvocationRequest } from '../process/invocation-line.ts';
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
  readonly #refusal: () => Error | undefined;

  /** @param refusal what it refuses with, once the lease has ended */
  constructor(vm: Vm, refusal: () => Error | undefined) {
    this.#vm = vm;
    this.#refusal = refusal;
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

  get lastSeenBytes(): number | undefined {
    return this.#vm.lastSeenBytes;
  }

  cpuMs(): number | undefined {
    return this.#vm.cpuMs();
  }

  held(scriptKey: string, maxMemoryMb: number): HeldScript | undefined {
    return this.#vm.held(scriptKey, maxMemoryMb);
  }

  keeps(key: string, maxMemoryMb: number): boolean {
    return this.#vm.keeps(key, maxMemoryMb);
  }

  warmRealm(key: string, maxMemoryMb: number, version?: string): number | undefined {
    return this.#vm.warmRealm(key, maxMemoryMb, version);
  }

  linked(key: string): LinkedModules | undefined {
    return this.#vm.linked(key);
  }

  invoke(realm: number, request: InvocationRequest): number {
    this.#assertHeld();
    return this.#vm.invoke(realm, request);
  }

  cancel(id: number): void {
    this.#assertHeld();
    this.#vm.cancel(id);
  }

  recall(): void {
    this.#assertHeld();
    this.#vm.recall();
  }

  forget(key: string, version?: string): void {
    this.#assertHeld();
    this.#vm.forget(key, version);
  }

  run(request: RunRequest): Promise<RunReply> {
    const refusal = this.#refusal();
    return refusal ? Promise.reject(refusal) : this.#vm.run(request);
  }

  compile(request: CompileRequest): Promise<CompileReply> {
    const refusal = this.#refusal();
    return refusal ? Promise.reject(refusal) : this.#vm.compile(request);
  }

  link(request: LinkRequest): Promise<LinkReply> {
    const refusal = this.#refusal();
    return refusal ? Promise.reject(refusal) : this.#vm.link(request);
  }

  kill(reason: RetireReason): void {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    this.#vm.kill(reason);
  }

  #assertHeld(): void {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
  }
}
