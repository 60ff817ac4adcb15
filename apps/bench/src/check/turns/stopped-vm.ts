import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Counts } from '../counting/counter.ts';
import { uncounted } from '../counting/uncounted.ts';
import { handleOf, type StreamHandle } from '../counting/writes.ts';
import { GO_ON, GO_ON_ANSWERED, type ComeToRest, type Stopped } from './messages.ts';

export interface VmEvents {
  /** It has written, and waits; everything has arrived that it has written until then. */
  onWrote(vm: StoppedVm): void;
  onRests(vm: StoppedVm, counts: Counts): void;
}

/** A VM process that takes turns with this one, as this one has it. */
export class StoppedVm {
  /** Of the pipe that is the library's. */
  readonly pipe: StreamHandle;
  readonly #turns: Socket;
  readonly #commands: Socket;
  #text = '';

  constructor(child: ChildProcess, fds: VmDescriptors, events: VmEvents) {
    this.pipe = handleOf(child.stdio[fds.pipe] as Socket);
    this.#turns = child.stdio[fds.turns] as Socket;
    this.#commands = child.stdio[fds.commands] as Socket;
    for (const socket of [this.#turns, this.#commands]) socket.on('error', () => undefined);
    this.#turns.setEncoding('utf8');
    this.#turns.on('data', (chunk: string) => {
      this.#text += chunk;
      const lines = this.#text.split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.#stopped(uncounted.parse(line) as Stopped, events);
    });
  }

  comeToRest(): void {
    const command: ComeToRest = { readBytes: this.pipe.bytesWritten };
    this.#commands.write(`${uncounted.stringify(command)}\n`);
  }

  goOn(isAnswered: boolean): void {
    this.#turns.write(Uint8Array.of(isAnswered ? GO_ON_ANSWERED : GO_ON));
  }

  #stopped(stopped: Stopped, events: VmEvents): void {
    switch (stopped.kind) {
      case 'wrote':
        this.#whenRead(stopped.writtenBytes, () => {
          events.onWrote(this);
        });
        break;
      case 'rests':
        events.onRests(this, stopped.counts);
        break;
    }
  }

  #whenRead(bytes: number, done: () => void): void {
    if (this.pipe.bytesRead >= bytes) done();
    else {
      uncounted.setImmediate(() => {
        this.#whenRead(bytes, done);
      });
    }
  }
}

/** Where the pipes are in its `stdio`. */
export interface VmDescriptors {
  readonly pipe: number;
  readonly turns: number;
  readonly commands: number;
}
