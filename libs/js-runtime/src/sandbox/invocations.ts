import { encodeFrame } from '../protocol/frame.ts';
import type { HostMessage, InvocationHeader, VmMessage } from '../protocol/messages.ts';
import { encodePlainAnswer } from '../protocol/plain-answer.ts';
import { CallLine, type CallAnswer } from './call-line.ts';
import type { ExecutionOutput } from './execution.ts';
import type { IsolateHost } from './isolate-host.ts';

/** One that has come, and not begun. */
interface Waiting {
  readonly realm: number;
  readonly header: InvocationHeader;
  readonly contextJson: string;
  readonly inputJson: string;
  readonly cameAt: number;
}

/** A realm that is to go when all have been run that came before. */
interface Forgotten {
  readonly forgets: number;
}

/** The one that waits for something. */
interface Running {
  readonly id: number;
  readonly calls: CallLine;
}

export interface InvocationPorts {
  /** Its isolate may be replaced while nothing runs. */
  host(): IsolateHost;
  readonly exceedsMemory: (maxMemoryMb: number) => boolean;
  send(frame: Buffer): void;
  /** Whether all that was sent is in the pipe. */
  isSent(): boolean;
  onSent(run: () => void): void;
  /** One was interrupted: the isolate is not to be used any more. */
  onInterrupted(): void;
  /** None runs: if the realms have kept too much memory, the isolate is replaced. True when it was. */
  replaceIfGrown(): boolean;
}

/** After one that took longer than that, what has come meanwhile is read first: those behind it may be wanted back. */
const LONG_MS = 5;
/** Of what takes less, all is taken for CPU: to look takes as long as a short invocation. */
const MEASURED_MS = 1;
/** The heap, and what the process has kept, are looked at again after so many, */
const INVOCATIONS_PER_LOOK = 64;
/** and what it has kept, after so much work: in that time nothing fills a heap. */
const MS_PER_CHECK = 2;

/** Invocations of warm realms, one after the other, in the order in which they came. */
export class Invocations {
  readonly #ports: InvocationPorts;
  #waiting: (Waiting | Forgotten)[] = [];
  #running: Running | undefined;
  /** What the last context of each realm had, of those that have come: one that brings another may never begin. */
  readonly #contexts = new Map<number, string>();
  #isToGoOn = false;
  #isHeld = false;
  #isOutOfMemory = false;
  #heapBytes = 0;
  /** Of the process, when it was last looked at. */
  #cpuBefore = process.cpuUsage();
  #untilLook = 0;
  #untilCheck = INVOCATIONS_PER_LOOK;
  /** What those have taken that have run since. */
  #uncheckedMs = 0;

  constructor(ports: InvocationPorts) {
    this.#ports = ports;
  }

  /** Whether one waits for something. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Runs what has come, as far as it can be run now, and answers. */
  take({ realm, items }: HostMessage & { type: 'invoke' }, attachments: readonly Buffer[]): void {
    let next = 0;
    const text = (): string => attachments[next++]?.toString('utf8') ?? '';
    const cameAt = performance.now();
    for (const header of items) {
      if (header[4] === 1) this.#contexts.set(realm, text());
      const contextJson = this.#contexts.get(realm) ?? '{}';
      this.#waiting.push({ realm, header, contextJson, inputJson: text(), cameAt });
    }
    this.#goOn();
  }

  /** Lets a realm go, when all have been run that came before. */
  forget(realm: number): void {
    this.#contexts.delete(realm);
    this.#waiting.push({ forgets: realm });
    this.#goOn();
  }

  /** There is another isolate, without any realm. */
  forgetAll(): void {
    this.#contexts.clear();
  }

  /** None begins until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#goOn();
  }

  /** An answer to a call; that of one that is over is nobody's. */
  deliver(id: number, answer: CallAnswer): void {
    if (this.#running?.id === id) this.#running.calls.push(answer);
  }

  /** All answers that have come with one read were delivered. */
  flushCalls(): void {
    this.#running?.calls.flush();
  }

  /** Those of these that have not begun never will. */
  recall(ids: readonly number[]): void {
    const wanted = new Set(ids);
    const recalled: number[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      if ('forgets' in waiting || !wanted.has(waiting.header[0])) return true;
      recalled.push(waiting.header[0]);
      return false;
    });
    this.#send({ type: 'recalled', ids: recalled }, []);
  }

  #goOn(): void {
    // It is asked for anew each time: what ended just now may have set it.
    const mayGoOn = (): boolean =>
      this.#running === undefined && !this.#isToGoOn && !this.#isHeld && !this.#isOutOfMemory;
    if (!mayGoOn()) return;
    const waiting = this.#waiting;
    let next = 0;
    while (next < waiting.length && mayGoOn()) {
      const one = waiting[next++] as Waiting | Forgotten;
      if ('forgets' in one) this.#ports.host().forget(one.forgets);
      else this.#start(one);
    }
    this.#waiting = waiting.slice(next);
  }

  /** Else, if the next one ends this process, its end would be taken for that of the one before. */
  #goOnWhenSent(): void {
    this.#isToGoOn = true;
    this.#ports.onSent(() => {
      this.#isToGoOn = false;
      this.#goOn();
    });
  }

  #goOnAfterReading(): void {
    this.#isToGoOn = true;
    // Between two of these, the event loop reads.
    setImmediate(() => {
      setImmediate(() => {
        this.#isToGoOn = false;
        this.#goOn();
      });
    });
  }

  #start({ realm, header, contextJson, inputJson, cameAt }: Waiting): void {
    const [id, timeoutMs, executionId, deadlineMs, , maxCpuMs] = header;
    if (this.#untilCheck-- === 0 || this.#uncheckedMs > MS_PER_CHECK) this.#check();
    const calls = new CallLine((made) => {
      for (const { argumentsJson, ...call } of made) this.#send({ type: 'call', id, ...call }, [argumentsJson]);
    });
    const startedAt = performance.now();
    const remainingMs = timeoutMs - (startedAt - cameAt);
    const running: Running = { id, calls };
    this.#running = running;
    const times: { startMs?: number } = {};
    const host = this.#ports.host();
    const texts = { contextJson, inputJson };
    const limits = { timeoutMs: remainingMs, maxCpuMs, exceedsMemory: this.#ports.exceedsMemory };
    host.invoke(realm, { executionId, deadlineMs }, texts, limits, calls, (output) => {
      calls.close();
      const tookMs = this.#cpuMs((times.startMs ?? performance.now() - startedAt) + calls.wokenMs);
      this.#uncheckedMs += tookMs;
      this.#running = undefined;
      this.#answer(id, output, tookMs, host);
      if (!this.#ports.isSent()) this.#goOnWhenSent();
      else if (tookMs > LONG_MS) this.#goOnAfterReading();
      else if (times.startMs !== undefined) this.#goOn();
    });
    times.startMs = performance.now() - startedAt;
  }

  #answer(id: number, { outcome, resultJson, logs }: ExecutionOutput, cpuMs: number, host: IsolateHost): void {
    const { kind } = outcome;
    if (logs.length === 0 && (kind === 'value' || kind === 'undefined')) {
      const value = kind === 'value' ? resultJson : undefined;
      this.#ports.send(encodePlainAnswer({ id, cpuMs, heapBytes: this.#heap(host), resultJson: value }));
      return;
    }
    this.#send({ type: 'ran', id, outcome, refused: [], logs, cpuMs, heapBytes: host.heapBytes() }, [resultJson]);
    if (kind === 'timed-out' || kind === 'out-of-cpu') this.#ports.onInterrupted();
    // The process is finished.
    if (kind === 'out-of-memory') this.#isOutOfMemory = true;
  }

  #check(): void {
    this.#untilCheck = INVOCATIONS_PER_LOOK;
    this.#uncheckedMs = 0;
    if (this.#ports.replaceIfGrown()) this.#send({ type: 'replaced' }, []);
  }

  /** What one has used of the CPU that was at it for so long: less, where it had to wait for one. */
  #cpuMs(tookMs: number): number {
    if (tookMs < MEASURED_MS) return tookMs;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#cpuBefore = process.cpuUsage();
    return Math.min(tookMs, (user + system) / 1000);
  }

  /** About: to look takes as long as a short invocation. */
  #heap(host: IsolateHost): number {
    if (this.#untilLook-- > 0) return this.#heapBytes;
    this.#untilLook = INVOCATIONS_PER_LOOK;
    return (this.#heapBytes = host.heapBytes());
  }

  #send(message: VmMessage, attachments: readonly string[]): void {
    this.#ports.send(encodeFrame(message, attachments));
  }
}
