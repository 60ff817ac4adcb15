import type { HostMessage, InvocationHeader, PlainAnswer, VmMessage } from '../protocol/messages.ts';
import { CallLine, type CallAnswer } from './call-line.ts';
import type { ExecutionOutput } from './execution.ts';
import type { IsolateHost } from './isolate-host.ts';

/** One that has come, and not begun. */
interface Waiting {
  readonly realm: number;
  readonly header: InvocationHeader;
  readonly contextJson: string | undefined;
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
  exceedsMemory(maxMemoryMb: number): boolean;
  send(message: VmMessage, attachments: readonly string[]): void;
  /** One was interrupted: the isolate is not to be used any more. */
  onInterrupted(): void;
}

/** So many answers leave together at most. */
const MAX_ANSWERS = 64;
/** Behind an invocation that takes longer than that, answers do not wait for each other. */
const SHORT_MS = 0.1;

/** Invocations of warm realms, one after the other, in the order in which they came. */
export class Invocations {
  readonly #ports: InvocationPorts;
  #waiting: Waiting[] = [];
  #running: Running | undefined;
  #answers: PlainAnswer[] = [];
  #values = '';
  #lastTookMs = 0;

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
      const contextJson = header[4] === 1 ? text() : undefined;
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

  #goOn(): void {
    if (this.#running) return;
    const waiting = this.#waiting;
    let next = 0;
    while (next < waiting.length && !this.#running) this.#start(waiting[next++] as Waiting);
    this.#waiting = waiting.slice(next);
    this.#flush();
  }

  #start({ realm, header, contextJson, inputJson, cameAt }: Waiting): void {
    const [id, timeoutMs, executionId, deadlineMs] = header;
    // Should this one end the process, nobody would know of those before it.
    if (this.#lastTookMs > SHORT_MS || this.#answers.length >= MAX_ANSWERS) this.#flush();
    const calls = new CallLine((made) => {
      this.#flush();
      for (const { argumentsJson, ...call } of made) this.#ports.send({ type: 'call', id, ...call }, [argumentsJson]);
    });
    const startedAt = performance.now();
    let startMs: number | undefined;
    let isOver = false;
    const host = this.#ports.host();
    const invocation = { executionId, deadlineMs };
    const texts = { contextJson, inputJson };
    const remainingMs = timeoutMs - (startedAt - cameAt);
    host.invoke(realm, invocation, texts, remainingMs, calls, this.#ports.exceedsMemory.bind(this.#ports), (output) => {
      isOver = true;
      calls.close();
      const tookMs = (startMs ?? performance.now() - startedAt) + calls.wokenMs;
      this.#lastTookMs = tookMs;
      this.#answer(id, output, tookMs, host);
      if (startMs === undefined) return;
      this.#running = undefined;
      this.#goOn();
    });
    if (isOver) return;
    startMs = performance.now() - startedAt;
    this.#running = { id, calls };
  }

  #answer(id: number, { outcome, resultJson, logs }: ExecutionOutput, cpuMs: number, host: IsolateHost): void {
    const { kind } = outcome;
    if (logs.length === 0 && (kind === 'value' || kind === 'undefined')) {
      this.#answers.push([id, kind === 'value' ? resultJson.length : -1, cpuMs]);
      this.#values += resultJson;
      return;
    }
    this.#flush();
    this.#ports.send({ type: 'ran', id, outcome, refused: [], logs, cpuMs, heapBytes: host.heapBytes() }, [resultJson]);
    if (kind === 'timed-out' || kind === 'out-of-cpu') this.#ports.onInterrupted();
  }

  /** Sends the answers that are there. */
  #flush(): void {
    if (this.#answers.length === 0) return;
    const [answers, values] = [this.#answers, this.#values];
    this.#answers = [];
    this.#values = '';
    this.#ports.send({ type: 'invoked', answers, heapBytes: this.#ports.host().heapBytes() }, [values]);
  }
}
