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
  /** One was interrupted: the isolate is not to be used any more. */
  onInterrupted(): void;
}

/** After one that took longer than that, what has come meanwhile is read first: those behind it may be wanted back. */
const LONG_MS = 5;
/** Of what takes less, all is taken for CPU: to look takes as long as a short invocation. */
const MEASURED_MS = 1;
/** The heap is looked at again after so many. */
const INVOCATIONS_PER_LOOK = 64;

/** Invocations of warm realms, one after the other, in the order in which they came. */
export class Invocations {
  readonly #ports: InvocationPorts;
  #waiting: Waiting[] = [];
  #running: Running | undefined;
  #isToGoOn = false;
  #heapBytes = 0;
  /** Of the process, when it was last looked at. */
  #cpuBefore = process.cpuUsage();
  #untilLook = 0;

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
    const host = this.#ports.host();
    for (const header of items) {
      const contextJson = host.contextFor(realm, header[4] === 1 ? text() : undefined);
      this.#waiting.push({ realm, header, contextJson, inputJson: text(), cameAt });
    }
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
    const isRecalled = ({ header: [id] }: Waiting): boolean => ids.includes(id);
    const recalled = this.#waiting.filter(isRecalled).map(({ header: [id] }) => id);
    this.#waiting = this.#waiting.filter((waiting) => !isRecalled(waiting));
    this.#send({ type: 'recalled', ids: recalled }, []);
  }

  #goOn(): void {
    if (this.#running || this.#isToGoOn) return;
    const waiting = this.#waiting;
    let next = 0;
    // It is asked for anew each time: what ended just now may have set it.
    const mayGoOn = (): boolean => this.#running === undefined && !this.#isToGoOn;
    while (next < waiting.length && mayGoOn()) this.#start(waiting[next++] as Waiting);
    this.#waiting = waiting.slice(next);
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
    const [id, timeoutMs, executionId, deadlineMs] = header;
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
    const { exceedsMemory } = this.#ports;
    host.invoke(realm, { executionId, deadlineMs }, texts, remainingMs, calls, exceedsMemory, (output) => {
      calls.close();
      const tookMs = this.#cpuMs((times.startMs ?? performance.now() - startedAt) + calls.wokenMs);
      this.#running = undefined;
      this.#answer(id, output, tookMs, host);
      if (tookMs > LONG_MS) this.#goOnAfterReading();
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
