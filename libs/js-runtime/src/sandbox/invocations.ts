import { encodeFrame } from '../protocol/frame.ts';
import type { HostMessage, InvocationHeader, VmMessage } from '../protocol/messages.ts';
import { encodePlainAnswer } from '../protocol/plain-answer.ts';
import { CallLine, type CallAnswer, type MadeCall } from './call-line.ts';
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

export interface InvocationPorts {
  /** Its isolate may be replaced while nothing runs. */
  host(): IsolateHost;
  readonly exceedsMemory: (maxMemoryMb: number) => boolean;
  send(frame: Buffer): void;
  /** Whether all that was sent is in the pipe. */
  isSent(): boolean;
  onSent(run: () => void): void;
  /** How many may be under way at a time. */
  readonly maxOverlap: number;
  /** Whether the realms have kept too much memory. */
  hasGrown(): boolean;
  /** None is under way, and the isolate is not to be used any more. */
  replaceIsolate(): void;
}

/** After one that took longer than that, what has come meanwhile is read first: those behind it may be wanted back. */
const LONG_MS = 5;
/** Of what takes less, all is taken for CPU: to look takes as long as a short invocation. */
const MEASURED_MS = 1;
/** The heap, and what the process has kept, are looked at again after so many, */
const INVOCATIONS_PER_LOOK = 64;
/** and what it has kept, after so much work: in that time nothing fills a heap. */
const MS_PER_CHECK = 2;

/**
 * Invocations of warm realms. They begin in the order in which they came; while those that have begun wait, each in a realm of its own,
 * the next may begin beside them.
 */
export class Invocations {
  readonly #ports: InvocationPorts;
  #waiting: (Waiting | Forgotten)[] = [];
  /** Those that wait for something, by id. */
  readonly #underWay = new Map<number, CallLine>();
  /** The last of which it was said that it begins beside others. */
  #announcedId = 0;
  /** Of several, the last of which it was said that it is at it. */
  #atItId = 0;
  /** The isolate is to go when nothing is under way any more, and nothing new begins in it. */
  #isToReplace = false;
  /** What the last context of each realm had, of those that have come: one that brings another may never begin. */
  readonly #contexts = new Map<number, string>();
  /** What has to happen before the next begins. */
  #pauses = 0;
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

  /** Whether any wait for something. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
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
    this.#underWay.get(id)?.push(answer);
  }

  /** All answers that have come with one read were delivered. */
  flushCalls(): void {
    if (this.#underWay.size > 0) for (const calls of this.#underWay.values()) calls.flush();
  }

  /** Those of these that have not begun never will. */
  recall(ids: readonly number[]): void {
    const wanted = new Set(ids);
    const recalled: number[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      if ('forgets' in waiting || !wanted.has(waiting.header[0]) || waiting.header[0] === this.#announcedId)
        return true;
      recalled.push(waiting.header[0]);
      return false;
    });
    this.#send({ type: 'recalled', ids: recalled }, []);
  }

  /** Ends one that waits, or has not begun. One that is over was answered. */
  cancel(id: number): void {
    const calls = this.#underWay.get(id);
    if (calls) {
      calls.cancel();
      return;
    }
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((waiting) => 'forgets' in waiting || waiting.header[0] !== id);
    if (this.#waiting.length < before) this.#ran(id, { outcome: { kind: 'cancelled' }, resultJson: '', logs: [] }, 0);
  }

  #goOn(): void {
    if (this.#isToReplace && this.#underWay.size === 0) this.#replaceIsolate();
    const waiting = this.#waiting;
    let next = 0;
    for (; next < waiting.length; next++) {
      const one = waiting[next] as Waiting | Forgotten;
      if (!this.#mayGoOn(one) || (this.#isToCheck && this.#hasGrown())) break;
      if ('forgets' in one) this.#ports.host().forget(one.forgets);
      else if (this.#underWay.size > 0 && !this.#isAnnounced(one)) break;
      else this.#start(one);
    }
    if (next > 0) this.#waiting = waiting.slice(next);
  }

  get #isToCheck(): boolean {
    return this.#untilCheck <= 0 || this.#uncheckedMs > MS_PER_CHECK;
  }

  /** It is asked for anew each time: what ended just now may have set it. */
  #mayGoOn(one: Waiting | Forgotten): boolean {
    if (this.#pauses > 0 || this.#isHeld || this.#isOutOfMemory) return false;
    if (this.#underWay.size === 0) return true;
    // A realm in which something is under way goes when that is over.
    if ('forgets' in one) return true;
    if (this.#isToReplace || this.#underWay.size >= this.#ports.maxOverlap) return false;
    return this.#ports.host().mayBegin(one.realm);
  }

  /** Says that it begins beside others. False while that is not in the pipe: if it ends this process, it must be known that it had begun. */
  #isAnnounced({ header: [id] }: Waiting): boolean {
    if (this.#announcedId !== id) {
      this.#announcedId = this.#atItId = id;
      this.#send({ type: 'began', id }, []);
    } else if (this.#atItId !== id) {
      // Another one has gone on since.
      this.#atItId = id;
      this.#send({ type: 'woken', id }, []);
    }
    if (this.#ports.isSent()) return true;
    this.#goOnWhenSent();
    return false;
  }

  /** Who is at it uses the CPU: of several, nobody could tell from outside. */
  #goesOn(id: number): void {
    if (this.#underWay.size < 2 || this.#atItId === id) return;
    this.#atItId = id;
    this.#send({ type: 'woken', id }, []);
  }

  /** Else, if the next one ends this process, its end would be taken for that of the one before. */
  #goOnWhenSent(): void {
    this.#pauses++;
    this.#ports.onSent(() => {
      this.#pauses--;
      this.#goOn();
    });
  }

  #goOnAfterReading(): void {
    this.#pauses++;
    // Between two of these, the event loop reads.
    setImmediate(() => {
      setImmediate(() => {
        this.#pauses--;
        this.#goOn();
      });
    });
  }

  #start({ realm, header, contextJson, inputJson, cameAt }: Waiting): void {
    const [id, timeoutMs, executionId, deadlineMs, , maxCpuMs] = header;
    this.#untilCheck--;
    const send = (made: readonly MadeCall[]): void => {
      for (const { argumentsJson, ...call } of made) this.#send({ type: 'call', id, ...call }, [argumentsJson]);
    };
    const onWake = (): void => {
      this.#goesOn(id);
    };
    const calls = new CallLine(send, this.#measure, onWake);
    const startedAt = performance.now();
    const remainingMs = timeoutMs - (startedAt - cameAt);
    const times: { isOver?: boolean; startMs?: number } = {};
    const host = this.#ports.host();
    const texts = { contextJson, inputJson };
    const limits = { timeoutMs: remainingMs, maxCpuMs, exceedsMemory: this.#ports.exceedsMemory };
    host.invoke(realm, { executionId, deadlineMs }, texts, limits, calls, (output) => {
      times.isOver = true;
      calls.close();
      // The backend is told once, and by whom.
      if (this.#isOutOfMemory) return;
      const { startMs } = times;
      const cpuMs = startMs === undefined ? this.#measure(performance.now() - startedAt) : startMs + calls.wokenMs;
      this.#uncheckedMs += cpuMs;
      if (startMs !== undefined) this.#underWay.delete(id);
      this.#answer(id, output, cpuMs, host);
      // Before anything else is read: for the backend this process has nothing to do, and may be given another request.
      if (this.#isToReplace && this.#underWay.size === 0) this.#replaceIsolate();
      if (!this.#ports.isSent()) this.#goOnWhenSent();
      else if (cpuMs > LONG_MS) this.#goOnAfterReading();
      else if (startMs !== undefined) this.#goOn();
    });
    if (times.isOver) return;
    times.startMs = this.#measure(performance.now() - startedAt);
    this.#underWay.set(id, calls);
    if (times.startMs > LONG_MS) this.#goOnAfterReading();
  }

  #answer(id: number, output: ExecutionOutput, cpuMs: number, host: IsolateHost): void {
    const { outcome, resultJson, logs, isGivenUp } = output;
    const { kind } = outcome;
    if (logs.length === 0 && (kind === 'value' || kind === 'undefined')) {
      const value = kind === 'value' ? resultJson : undefined;
      this.#ports.send(encodePlainAnswer({ id, cpuMs, heapBytes: this.#heap(host), resultJson: value }));
      return;
    }
    this.#ran(id, output, cpuMs);
    // The process is finished.
    if (kind === 'out-of-memory') this.#isOutOfMemory = true;
    if (isGivenUp || (kind !== 'timed-out' && kind !== 'out-of-cpu')) return;
    this.#isToReplace = true;
  }

  #ran(id: number, { outcome, resultJson, logs }: ExecutionOutput, cpuMs: number): void {
    const heapBytes = this.#ports.host().heapBytes();
    this.#send({ type: 'ran', id, outcome, refused: [], logs, cpuMs, heapBytes }, [resultJson]);
  }

  /** True when the isolate is to go first, and something is under way in it. */
  #hasGrown(): boolean {
    this.#untilCheck = INVOCATIONS_PER_LOOK;
    this.#uncheckedMs = 0;
    if (!this.#ports.hasGrown()) return false;
    this.#isToReplace = true;
    if (this.#underWay.size > 0) return true;
    this.#replaceIsolate();
    return false;
  }

  #replaceIsolate(): void {
    this.#isToReplace = false;
    this.#ports.replaceIsolate();
    this.#send({ type: 'replaced' }, []);
  }

  /** What one has used of the CPU that was at it for so long: less, where it had to wait for one. */
  readonly #measure = (tookMs: number): number => {
    if (tookMs < MEASURED_MS) return tookMs;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#cpuBefore = process.cpuUsage();
    return Math.min(tookMs, (user + system) / 1000);
  };

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
