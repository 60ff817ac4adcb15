import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { encodeFrame, FrameDecoder, ProtocolError, type Frame } from '../protocol/frame.ts';
import type { CompileOutcome, HostMessage, RunOutcome, UnitHeader, VmMessage } from '../protocol/messages.ts';
import { KeptScripts } from '../protocol/kept-scripts.ts';
import { parseVmMessage } from '../protocol/vm-message.schema.ts';
import type { ChildCommand } from './child-command.ts';
import { vmStdio } from './inherited-descriptors.ts';
import { KernelLimits } from './kernel-limits.ts';
import { reasonOfOwnDeath } from './own-death.ts';
import { Patience } from './patience.ts';
import { setProcessPriority } from './priority.ts';
import { RecyclingWatch } from './recycling-watch.ts';
import { compiledSizeOf, isLogTooLong, PLAIN_REPLY, replySizeOf, type ReplySize } from './reply-size.ts';
import type { RetireReason } from './retire-reason.ts';
import type { MeteredUse, MeterLimits, RunMeter } from './run-meter.ts';
import { VmGoneError, type VmExit } from './vm-gone.error.ts';
import { VmMeter } from './vm-meter.ts';
import type {
  CompileReply,
  CompileRequest,
  HeldScript,
  LinkReply,
  LinkRequest,
  RequestLimits,
  RunReply,
  RunRequest,
  RunUnit,
} from './vm-request.ts';

export interface VmProcessOptions {
  readonly id: string;
  readonly command: ChildCommand;
  readonly startTimeoutMs: number;
  /** Whether to look from outside at what it uses. Default where the system tells; given in tests. */
  readonly metersOutside?: boolean;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * The process stops a script at its deadline by itself where it can, and then still reports its logs; only when no
 * answer has come this much later is it killed.
 */
const KILL_GRACE_MS = 250;

interface Pending {
  readonly id: number;
  /** What the process is killed for when it does not answer. */
  readonly lateReason: RetireReason;
  /** Allows for more time when the machine is busy. Without it, the time allowed is wall time. */
  readonly patience: Patience | undefined;
  timer?: NodeJS.Timeout;
  resolve(reply: { message: VmMessage; attachments: readonly Buffer[] }): void;
  reject(error: VmGoneError): void;
}

/** What every method below answers with, by the type of the request. */
interface Reply<T extends VmMessage['type']> {
  readonly message: VmMessage & { type: T };
  readonly attachments: readonly Buffer[];
}

/**
 * One VM: a child process with one isolate, spoken to over a pipe, one request at a time. Nothing it sends is believed
 * before it was checked, and it can be killed at any moment.
 */
export class VmProcess {
  readonly id: string;
  /** Settles when the operating system has reaped the process. */
  readonly exited: Promise<VmExit>;
  /** Called whenever `recycled` becomes true; never after the process was told to end. */
  onRecycled: (() => void) | undefined;
  readonly #child: ChildProcess;
  /** Undefined when the process could not be started at all. */
  readonly #pipe: Socket | undefined;
  readonly #decoder = new FrameDecoder(PLAIN_REPLY.maxFrameBytes, PLAIN_REPLY.maxHeaderBytes);
  /** The scripts that the present isolate has compiled, and its heap limit once a request has had one. */
  readonly #keptScripts = new KeptScripts<HeldScript>();
  #isolateMemoryMb: number | undefined;
  /** Undefined for a process that is to have none. */
  readonly #limits: KernelLimits | undefined;
  /** Undefined until the process is ready, and where nobody can tell from outside what it uses. */
  #meter: VmMeter | undefined;
  #keepsTooMuch = false;
  #hasReadTypeScript = false;
  #isBeingPrepared = false;
  /** Of the request it works on, or has worked on last. */
  #runMeter: RunMeter | undefined;
  #killedFor: RetireReason | undefined;
  #hasExited = false;
  #pending: Pending | undefined;
  #lastRequestId = 0;
  /** The request after which the process last said that it has recycled. */
  #recycledAfterId = 0;
  #recyclingWatch: RecyclingWatch | undefined;

  private constructor(options: VmProcessOptions) {
    this.id = options.id;
    this.#child = spawn(options.command.file, options.command.args, {
      cwd: '/',
      env: {},
      stdio: vmStdio(),
      // A process group of its own: Ctrl-C in a terminal is for the backend, which then ends its VMs in order.
      detached: true,
    });
    const { maxMemoryMb } = options.command;
    if (maxMemoryMb !== undefined) this.#limits = new KernelLimits(this.pid, maxMemoryMb);
    // Without descriptors or memory left, spawn() gives a child without stdio, and an `error` event later.
    const stdio = this.#child.stdio as ChildProcess['stdio'] | undefined;
    this.#pipe = stdio?.[3] as Socket | undefined;
    this.#pipe?.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // Whatever is wrong with the pipe ends the process, and `exit` tells the rest.
    this.#pipe?.on('error', () => undefined);
    this.#pipe?.on('close', () => {
      // Mostly because it is dead already, and then `exit` knows of what.
      this.#child.kill('SIGKILL');
    });
    this.exited = new Promise((resolve) => {
      const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#hasExited = true;
        const reason = (this.#killedFor ??= reasonOfOwnDeath(signal, this.#runMeter?.isFull ?? false));
        this.#failPending(reason);
        this.#meter?.close();
        resolve({ reason, code, signal });
      };
      this.#child.once('exit', onEnd);
      this.#child.on('error', () => {
        // It could not be started. Other errors (a signal that could not be sent) are followed by what matters.
        if (this.#child.pid === undefined) onEnd(null, null);
      });
    });
  }

  /**
   * Starts a process and waits until it is ready for work.
   *
   * @throws Error when it ends, or takes longer than `startTimeoutMs`
   */
  static async start(options: VmProcessOptions): Promise<VmProcess> {
    if (options.signal?.aborted) throw new Error('given up before it was started');
    const vm = new VmProcess(options);
    const onAbort = (): void => {
      vm.kill('shutdown');
    };
    options.signal?.addEventListener('abort', onAbort);
    try {
      await vm.#expect<'ready'>('ready', 0, options.startTimeoutMs, 'start');
      if (options.metersOutside ?? VmMeter.isSupported) vm.#meter = new VmMeter(vm.pid);
      await vm.#limits?.begin();
      if (!vm.alive) throw new VmGoneError('crashed');
      return vm;
    } catch (cause) {
      // It lives when only its limits could not be set.
      vm.kill('crashed');
      const { reason, code, signal } = await vm.exited;
      const what = reason === 'start' ? `not ready within ${options.startTimeoutMs} ms` : 'ended before it was ready';
      throw new Error(`${options.command.file}: ${what} (exit code ${code ?? '-'}, signal ${signal ?? '-'})`, {
        cause,
      });
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** False as soon as the process was told to end, or did. */
  get alive(): boolean {
    return this.#killedFor === undefined && !this.#hasExited;
  }

  /** Whether it works on a request. */
  get busy(): boolean {
    return this.#pending !== undefined || this.#isBeingPrepared;
  }

  /** Whether the realm for the next request is made already; a request does not have to wait for that, but it may. */
  get recycled(): boolean {
    return this.#recycledAfterId === this.#lastRequestId;
  }

  /** Milliseconds of CPU that it has used since it was started. Undefined where nobody knows, or no more. */
  cpuMs(): number | undefined {
    return this.alive ? this.#meter?.cpuMs() : undefined;
  }

  /** What is known of a script that a request with this heap limit finds compiled; undefined when it does not find it. */
  held(scriptKey: string, maxMemoryMb: number): HeldScript | undefined {
    return this.#isolateMemoryMb === maxMemoryMb ? this.#keptScripts.get(scriptKey) : undefined;
  }

  /**
   * Whether its process may serve another tenant, with another isolate. The parser of TypeScript is not in the isolate but in
   * the process, and has read what this tenant wrote.
   */
  get canBeReset(): boolean {
    return !this.#hasReadTypeScript;
  }

  /** Whether, when it last had recycled, former requests had left so much memory that the next could exceed a limit because of it. */
  get keepsTooMuch(): boolean {
    return this.#keepsTooMuch;
  }

  /** To be asked every some milliseconds while it works: ends the process when the request has used more than it may. */
  enforceLimits(): void {
    const exceeded = this.#pending && this.#runMeter?.look();
    if (exceeded) this.kill(exceeded);
  }

  /**
   * Sets the OS priority of the whole process: 0 is the usual one, 19 the lowest. True when the OS took it. After false,
   * it may have taken a part; it can be tried again.
   */
  setPriority(nice: number): boolean {
    return this.alive && setProcessPriority(this.pid, nice);
  }

  /**
   * To be asked every now and then, and costs next to nothing. True when the process takes more than `timeoutMs` of its own
   * time (as in `check`) to recycle after its last answer; that time begins when this is first asked.
   */
  recyclingOverdue(timeoutMs: number): boolean {
    if (this.recycled || this.#pending || !this.alive) return false;
    const afterId = this.#lastRequestId;
    if (this.#recyclingWatch?.afterId === afterId) return this.#recyclingWatch.isOverdue();
    this.#recyclingWatch = new RecyclingWatch(this.pid, timeoutMs, afterId);
    return false;
  }

  /** @throws VmGoneError */
  async run(request: RunRequest): Promise<RunReply> {
    const { units, contextJson, inputJson, limits } = request;
    const { timeoutMs, maxCpuMs, maxMemoryMb, maxResultBytes, maxLogBytes, maxLogEntries } = limits;
    if (this.#limits?.areBelow(maxMemoryMb)) await this.#raise(this.#limits, maxMemoryMb);
    this.#prepare(limits, replySizeOf(limits));
    const { message, attachments } = await this.#request<'ran'>(
      'ran',
      {
        type: 'run',
        units: units.map(headerOf),
        timeoutMs,
        maxMemoryMb,
        maxCpuMs: this.#meter ? undefined : maxCpuMs,
        limits: { maxResultBytes, maxLogBytes, maxLogEntries },
      },
      [contextJson, inputJson, ...units.flatMap(codeOf)],
      timeoutMs + KILL_GRACE_MS,
      'wall',
    );
    const { outcome, logs, heapBytes } = message;
    const used = this.#runMeter?.answered(message.cpuMs) ?? { cpuMs: message.cpuMs, peakMemoryBytes: heapBytes };
    // isolated-vm may throw a late error out of any later entry.
    if (outcome.kind === 'out-of-memory') this.kill('memory');
    else if (outcome.kind === 'timed-out' || outcome.kind === 'out-of-cpu') this.#keptScripts.clear();
    else this.#updateKept(units, outcome.kind);
    const result = attachments[0];
    const resultBytes = result?.byteLength ?? 0;
    if (resultBytes > maxResultBytes) throw this.#violation('a result larger than asked for');
    if (isLogTooLong(logs, limits)) throw this.#violation('more logs than asked for');
    const resultJson = result?.toString('utf8') ?? '';
    const refused = message.refused.map((index) => {
      const unit = units[index];
      if (!unit) throw this.#violation('word of a unit that there is not');
      return unit.key;
    });
    return { outcome, logs, heapBytes, ...used, resultJson, resultBytes, refused };
  }

  /** @throws VmGoneError */
  async compile({ script, language, source, limits }: CompileRequest): Promise<CompileReply> {
    this.#hasReadTypeScript ||= language === 'typescript';
    const header = { type: 'compile' as const, script, language, maxMemoryMb: limits.maxMemoryMb };
    const { outcome, used, attachments } = await this.#compileOrLink(header, [source], limits, source.length);
    if (outcome.kind === 'compiled') {
      this.#keptScripts.use(script.key, source.length, { imports: outcome.imports, compileMs: used.cpuMs });
    }
    const [codeCache, javascript] = attachments.map(optional);
    return { outcome, ...used, codeCache, javascript: javascript?.toString('utf8') };
  }

  /** Links modules, so that what is wrong between them comes out, and runs nothing. @throws VmGoneError */
  async link({ units, limits }: LinkRequest): Promise<LinkReply> {
    const header = { type: 'link' as const, units: units.map(headerOf), maxMemoryMb: limits.maxMemoryMb };
    const { outcome, used } = await this.#compileOrLink(header, units.flatMap(codeOf), limits, 0);
    this.#updateKept(units, outcome.kind);
    return { outcome, ...used };
  }

  /** Replaces the isolate. @throws VmGoneError */
  async reset(timeoutMs: number): Promise<void> {
    this.#keptScripts.clear();
    this.#isolateMemoryMb = undefined;
    this.#runMeter = undefined;
    await this.#request<'done'>('done', { type: 'reset' }, [], timeoutMs, 'unhealthy');
    await this.#limits?.restore();
  }

  /**
   * Runs a constant script in a fresh realm. `timeoutMs` is time of the process's own: its waits for a CPU are not counted,
   * up to a bound.
   *
   * @throws VmGoneError
   */
  async check(timeoutMs: number): Promise<void> {
    this.#runMeter = undefined;
    const patience = new Patience(this.pid, timeoutMs);
    await this.#request<'done'>('done', { type: 'check' }, [], timeoutMs, 'unhealthy', patience);
  }

  /** Ends the process at once. The first reason given is the one that counts. */
  kill(reason: RetireReason): void {
    if (!this.alive) return;
    this.#killedFor = reason;
    // Reads the meter, which has nothing to read any more once the process is gone.
    this.#failPending(reason);
    this.#child.kill('SIGKILL');
    this.#pipe?.destroy();
  }

  async #compileOrLink(
    header: DistributiveOmit<HostMessage, 'id'>,
    attachments: readonly (string | Uint8Array)[],
    limits: RequestLimits,
    sourceChars: number,
  ): Promise<{ outcome: CompileOutcome; used: MeteredUse; attachments: readonly Buffer[] }> {
    if (this.#limits?.areBelow(limits.maxMemoryMb)) await this.#raise(this.#limits, limits.maxMemoryMb);
    this.#prepare(limits, compiledSizeOf(sourceChars));
    const reply = await this.#request<'compiled'>('compiled', header, attachments, limits.timeoutMs, 'wall');
    const { outcome, cpuMs } = reply.message;
    const used = this.#runMeter?.answered(cpuMs) ?? { cpuMs, peakMemoryBytes: 0 };
    if (outcome.kind === 'out-of-memory') this.kill('memory');
    else if (outcome.kind === 'parser-overflowed') this.kill('parser');
    return { outcome, used, attachments: reply.attachments };
  }

  /** As the process does, so that both agree. */
  #updateKept(units: readonly RunUnit[], outcome: (RunOutcome | CompileOutcome)['kind']): void {
    if (outcome === 'not-held') this.#keptScripts.clear();
    if (outcome === 'not-held' || outcome === 'not-compiled') return;
    for (const { key, code, imports, compileMs } of units) {
      const specifiers = imports.map(([specifier]) => specifier);
      this.#keptScripts.use(key, code?.source.length, { imports: specifiers, compileMs });
    }
  }

  #prepare(limits: MeterLimits, { maxFrameBytes, maxHeaderBytes }: ReplySize): void {
    if (this.busy) throw this.#isBusy();
    if (this.#isolateMemoryMb !== limits.maxMemoryMb) this.#keptScripts.clear();
    this.#isolateMemoryMb = limits.maxMemoryMb;
    this.#decoder.allow(maxFrameBytes, maxHeaderBytes);
    this.#runMeter = this.#meter?.measure(limits, this.recycled);
  }

  /** A request may have more memory than the process was started for. */
  async #raise(limits: KernelLimits, maxMemoryMb: number): Promise<void> {
    if (this.busy) throw this.#isBusy();
    this.#isBeingPrepared = true;
    try {
      await limits.raise(maxMemoryMb);
    } catch {
      this.kill('crashed');
    } finally {
      this.#isBeingPrepared = false;
    }
  }

  #isBusy(): Error {
    return new Error(`VM ${this.id} was given a request while it works on another`);
  }

  async #request<T extends VmMessage['type']>(
    type: T,
    header: DistributiveOmit<HostMessage, 'id'>,
    attachments: readonly (string | Uint8Array)[],
    timeoutMs: number,
    lateReason: RetireReason,
    patience?: Patience,
  ): Promise<Reply<T>> {
    if (!this.alive) throw new VmGoneError(this.#killedFor ?? 'crashed');
    if (this.#pending) throw this.#isBusy();
    const id = ++this.#lastRequestId;
    const reply = this.#expect(type, id, timeoutMs, lateReason, patience);
    this.#pipe?.write(encodeFrame({ ...header, id }, attachments));
    return reply;
  }

  /** Waits for the reply to request `id`; a process that is late is killed. */
  async #expect<T extends VmMessage['type']>(
    type: T,
    id: number,
    timeoutMs: number,
    lateReason: RetireReason,
    patience?: Patience,
  ): Promise<Reply<T>> {
    const reply = await new Promise<{ message: VmMessage; attachments: readonly Buffer[] }>((resolve, reject) => {
      this.#pending = { id, lateReason, patience, resolve, reject };
      this.#killIfLate(this.#pending, timeoutMs);
    });
    if (reply.message.type !== type) throw this.#violation(`${reply.message.type} in answer to a request for ${type}`);
    return reply as Reply<T>;
  }

  #killIfLate(pending: Pending, timeoutMs: number): void {
    pending.timer = setTimeout(() => {
      // It may be this process that is late, with the answer unread: between timers and immediates, it is read.
      setImmediate(() => {
        if (this.#pending !== pending) return;
        const remainingMs = pending.patience?.remainingMs() ?? 0;
        if (remainingMs > 0) this.#killIfLate(pending, Math.ceil(remainingMs));
        else this.kill(pending.lateReason);
      });
    }, timeoutMs);
  }

  #receive(chunk: Buffer): void {
    if (!this.alive) return;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#settle(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.kill('protocol');
    }
  }

  #settle({ header, attachments }: Frame): void {
    const message = parseVmMessage(header);
    if (message.type === 'recycled') {
      // The next request may have left before this arrived; but ids only grow, so nobody can be flooded with these.
      const isAnswered = message.id <= this.#lastRequestId && message.id !== this.#pending?.id;
      if (message.id <= this.#recycledAfterId || !isAnswered) {
        throw new ProtocolError(`recycled after request ${message.id}, which cannot be`);
      }
      this.#recycledAfterId = message.id;
      if (message.replaced) this.#keptScripts.clear();
      this.#keepsTooMuch = this.#meter?.keepsTooMuch() ?? false;
      if (this.#pending) this.#runMeter?.begun();
      if (this.recycled) this.onRecycled?.();
      return;
    }
    const id = message.type === 'ready' ? 0 : message.id;
    const pending = this.#pending;
    if (pending?.id !== id) throw new ProtocolError(`a reply to request ${id}, which was not made`);
    this.#pending = undefined;
    clearTimeout(pending.timer);
    this.#runMeter?.stop();
    pending.resolve({ message, attachments });
  }

  #failPending(reason: RetireReason): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    clearTimeout(pending.timer);
    pending.reject(new VmGoneError(reason, this.#runMeter?.read()));
  }

  #violation(what: string): VmGoneError {
    this.kill('protocol');
    return new VmGoneError('protocol', this.#runMeter?.read(), { cause: new ProtocolError(what) });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function headerOf({ key, name, wrap, imports, code }: RunUnit): UnitHeader {
  return { key, name, wrap, imports, hasCode: code !== undefined };
}

function codeOf({ code }: RunUnit): (string | Uint8Array)[] {
  return code ? [code.source, code.codeCache ?? ''] : [];
}

function optional(bytes: Buffer): Buffer | undefined {
  return bytes.byteLength > 0 ? bytes : undefined;
}
