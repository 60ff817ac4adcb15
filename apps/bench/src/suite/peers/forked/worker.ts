import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { next } from '../../workload.ts';
import { EXEC_ARGV } from '../isolated-vm/script-isolate.ts';
import type { FromChild, ToChild } from './messages.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A worker process, as its parent sees it. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #runs = new Map<number, Pending>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: FromChild) => {
      this.#take(message);
    });
    child.once('exit', () => {
      for (const { reject } of this.#runs.values()) reject(new Error('the worker process has ended'));
    });
  }

  static async start(): Promise<Worker> {
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), { execArgv: EXEC_ARGV });
    await once(child, 'message');
    return new Worker(child);
  }

  get busyWith(): number {
    return this.#runs.size;
  }

  async prepare(workload: string): Promise<void> {
    const ready = once(this.#child, 'message');
    this.#send({ is: 'prepare', workload });
    await ready;
  }

  async run(tenantId: string): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#runs.set(id, { resolve, reject });
      this.#send({ is: 'run', id, tenantId });
    });
  }

  end(): void {
    this.#child.disconnect();
  }

  #take(message: FromChild): void {
    switch (message.is) {
      case 'ready':
        break;
      case 'result':
        this.#runs.get(message.id)?.resolve(message.value);
        this.#runs.delete(message.id);
        break;
      case 'error':
        this.#runs.get(message.id)?.reject(new Error(message.message));
        this.#runs.delete(message.id);
        break;
      case 'call':
        void next(message.step).then((step) => {
          this.#send({ is: 'answer', call: message.call, step });
        });
        break;
    }
  }

  #send(message: ToChild): void {
    this.#child.send(message);
  }
}
