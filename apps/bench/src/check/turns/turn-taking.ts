import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Counts } from '../counting/counter.ts';
import { onWrites, type StreamHandle } from '../counting/writes.ts';
import { waitsForSystem, whenQuiet } from './quiet.ts';
import { StoppedVm, type VmDescriptors } from './stopped-vm.ts';

export interface TurnEvents {
  /** Something was given to the pipe of a VM. */
  readonly onWrite: (pipe: StreamHandle, parts: readonly Uint8Array[]) => void;
  /** Grows whenever this process does something. */
  readonly activity: () => number;
  readonly hasImmediates: () => boolean;
  /** Lets pass what time belongs to an execution. */
  readonly passTime: (done: () => void) => void;
}

/** Takes turns with the VMs: while one of them works, this process waits, and the other way round. */
export class TurnTaking {
  readonly #events: TurnEvents;
  readonly #vms = new Set<StoppedVm>();
  readonly #resting = new Map<StoppedVm, Counts>();
  #onAllRest: (() => void) | undefined;
  #isAnswered = false;

  constructor(events: TurnEvents) {
    this.#events = events;
  }

  /** A VM process was started. */
  add(child: ChildProcess, fds: VmDescriptors): void {
    // Not started at all, which the library notices.
    if (child.pid === undefined) return;
    if (this.#vms.size === 0) this.#watchWrites(child.stdio[fds.pipe] as Socket);
    const vm = new StoppedVm(child, fds, this.#vmEvents);
    this.#vms.add(vm);
    child.on('exit', () => {
      this.#vms.delete(vm);
      this.#resting.delete(vm);
      this.#restsWhenAllDo();
    });
  }

  /** The caller of the execution has its result. */
  answered(): void {
    this.#isAnswered = true;
  }

  /** Calls back when this process has nothing left to do by itself. */
  whenQuiet(done: () => void): void {
    const { activity, hasImmediates } = this.#events;
    whenQuiet({ total: activity, isWaiting: () => hasImmediates() || waitsForSystem(this.#vms.size) }, done);
  }

  /** All VMs go on; what they do from now on is for another execution when none has been answered. */
  goOn(): void {
    for (const vm of this.#resting.keys()) vm.goOn(this.#isAnswered);
    this.#resting.clear();
  }

  /** An execution is about to begin. */
  begin(): void {
    this.#isAnswered = false;
  }

  /**
   * Calls back when nothing happens any more, here and in all VMs, which have stopped then; with what each of them has counted since
   * it last did.
   */
  settle(done: (counts: readonly Counts[]) => void, before: readonly Counts[] = []): void {
    this.#rest(() => {
      const counts = [...before, ...this.#resting.values()];
      const sent = this.#sentBytes();
      this.#events.passTime(() => {
        this.whenQuiet(() => {
          if (this.#sentBytes() === sent) {
            done(counts);
            return;
          }
          this.goOn();
          this.settle(done, counts);
        });
      });
    });
  }

  #rest(done: () => void): void {
    this.#onAllRest = done;
    for (const vm of this.#vms) vm.comeToRest();
    this.#restsWhenAllDo();
  }

  #restsWhenAllDo(): void {
    if (this.#resting.size < this.#vms.size) return;
    const done = this.#onAllRest;
    this.#onAllRest = undefined;
    done?.();
  }

  #sentBytes(): number {
    return [...this.#vms].reduce((sum, { pipe }) => sum + pipe.bytesWritten, 0);
  }

  #watchWrites(pipe: Socket): void {
    onWrites(pipe, (handle, parts) => {
      if ([...this.#vms].some((vm) => vm.pipe === handle)) this.#events.onWrite(handle, parts);
    });
  }

  readonly #vmEvents = {
    onWrote: (vm: StoppedVm): void => {
      this.whenQuiet(() => {
        vm.goOn(this.#isAnswered);
      });
    },
    onRests: (vm: StoppedVm, counts: Counts): void => {
      this.#resting.set(vm, counts);
      this.#restsWhenAllDo();
    },
  };
}
