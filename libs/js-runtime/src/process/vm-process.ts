import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { ProtocolError } from '../protocol/frame.ts';
import {
  MAX_WARM_SHARE,
  MEMORY_ALLOWANCE_MB,
  type CompileOutcome,
  type RunOutcome,
  type VmMessage,
} from '../protocol/messages.ts';
import { KeptScripts } from '../protocol/kept-scripts.ts';
import type { ChildCommand } from './child-command.ts';
import { vmStdio } from './inherited-descriptors.ts';
import { isCompilationOf } from './is-compilation-of.ts';
import { KernelLimits } from './kernel-limits.ts';
import { reasonOfOwnDeath } from './own-death.ts';
import { Patience } from './patience.ts';
import { setProcessPriority } from './priority.ts';
import { RecyclingWatch } from './recycling-watch.ts';
import { allowedOf, codeOf, headerOf } from './request-parts.ts';
import { compiledSizeOf, isLogTooLong, PLAIN_REPLY, replySizeOf, type ReplySize } from './reply-size.ts';
import type { RetireReason } from './retire-reason.ts';
import type { InvocationRequest } from './invocation-line.ts';
import type { LineMeter } from './line-meter.ts';
import type { MeteredUse, MeterLimits, RunMeter } from './run-meter.ts';
import type { OnCall } from './caller.ts';
import type { LinkedModules } from './linked-modules.ts';
import { VmChannel, type Patient, type Reply, type Request } from './vm-channel.ts';
import { VmGoneError, type VmExit } from './vm-gone.error.ts';
import { VmMeter } from './vm-meter.ts';
import { WarmBudget, type WarmLimits } from './warm-budget.ts';
import { WarmRealmTable } from './warm-realm-table.ts';
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
  /** How much later than its deadline a request may be answered. Default `KILL_GRACE_MS`; given in tests. */
  readonly killGraceMs?: number | undefined;
  /** For what it keeps warm, with others. Default one of its own. */
  readonly warmBudget?: WarmBudget | undefined;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * The process stops a script at its deadline by itself where it can, and then still reports its logs; only when no
 * answer has come this much later is it killed.
 */
const KILL_GRACE_MS = 250;
const MIB = 1024 * 1024;

/** No invocation has it. */
const NO_ID = 0;

/** Of a process without others. */
const OWN_BUDGET: WarmLimits = {
  maxRealmsPerVm: 16,
  maxRealmsPerTenant: 16,
  maxRealms: 16,
  maxBytes: Infinity,
  maxIdleMs: 300_000,
  maxUses: 1_000_000,
};

/** The reply to a request of this kind. */
interface ReplyOf<T extends VmMessage['type']> {
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
  readonly #killGraceMs: number;
  readonly #channel: VmChannel;
  /** The scripts that the present isolate has compiled, and its heap limit once a request has had one. */
  readonly #keptScripts = new KeptScripts<HeldScript>();
  #isolateMemoryMb: number | undefined;
  /** Numbers of the realms that it keeps, by script. */
  readonly #warmRealms: WarmRealmTable;
  /** Its memory, or where nobody can tell what is on its heap, when it began to keep the first of them. */
  #bytesBeforeWarm = 0;
  /** Undefined for a process that is to have none. */
  readonly #limits: KernelLimits | undefined;
  /** Undefined until the process is ready, and where nobody can tell from outside what it uses. */
  #meter: VmMeter | undefined;
  #hasReadTypeScript = false;
  #isBeingPrepared = false;
  /** Of the request it works on, or has worked on last. */
  #runMeter: RunMeter | undefined;
  /** Of invocations that are under way. */
  #lineMeter: LineMeter | undefined;
  #killedFor: RetireReason | undefined;
  #hasExited = false;
  #recyclingWatch: RecyclingWatch | undefined;

  private constructor(options: VmProcessOptions) {
    this.id = options.id;
    this.#killGraceMs = options.killGraceMs ?? KILL_GRACE_MS;
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
    const pipe = stdio?.[3] as Socket | undefined;
    this.#channel = new VmChannel(pipe, {
      onLate: (reason) => {
        this.kill(reason);
      },
      onViolation: () => {
        this.kill('protocol');
      },
      onAnswer: () => {
        this.#runMeter?.stop();
      },
      onOutcome: ({ kind }) => {
        this.#invoked(kind);
      },
      onRecycled: (replaced) => {
        this.#hasRecycled(replaced);
      },
      onReplaced: () => {
        this.#isNew();
        this.#meter?.hasRecycled();
      },
      metersItself: () => this.#meter === undefined,
      maxOverlap: options.command.maxOverlap ?? 1,
    });
    const { warmBudget = new WarmBudget(OWN_BUDGET) } = options;
    this.#warmRealms = new WarmRealmTable(warmBudget, (realm) => {
      if (this.alive) this.#channel.invocations.forget(realm);
    });
    pipe?.on('close', () => {
      // Mostly because it is dead already, and then `exit` knows of what.
      this.#child.kill('SIGKILL');
    });
    this.exited = new Promise((resolve) => {
      const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#hasExited = true;
        const reason = (this.#killedFor ??= reasonOfOwnDeath(signal, this.#runMeter?.isFull ?? false));
        // Mostly, what it said before it died has been read: libuv looks at signals last.
        this.#channel.close(new VmGoneError(reason, this.#usedNow()), this.#channel.invocations.culpritId);
        this.#warmRealms.clear();
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
      vm.#expectType('ready', await vm.#channel.ready({ timeoutMs: options.startTimeoutMs, lateReason: 'start' }));
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
    return this.#channel.isWaiting || this.#isBeingPrepared || this.#channel.invocations.size > 0;
  }

  /** Whether the realm for the next request is made already; a request does not have to wait for that, but it may. */
  get recycled(): boolean {
    return this.#channel.isRecycled;
  }

  /** Milliseconds of CPU that it has used since it was started. Undefined where nobody knows, or no more. */
  cpuMs(): number | undefined {
    return this.alive ? this.#meter?.cpuMs() : undefined;
  }

  /** Memory that is its alone. Undefined where nobody knows, or no more. */
  memoryBytes(): number | undefined {
    return this.alive ? this.#meter?.memoryBytes() : undefined;
  }

  /** Memory that it had beyond what it had when it was new, when it was last looked at. Undefined where nobody can tell. */
  get lastSeenBytes(): number | undefined {
    return this.#meter?.lastSeenBytes;
  }

  /** Heap limit of its isolate, once a request has had one. */
  get isolateMemoryMb(): number | undefined {
    return this.#isolateMemoryMb;
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
    // Of a realm that is to be kept it may be heard after that.
    const warmMb = this.#warmRealms.size > 0 ? (this.#isolateMemoryMb ?? 0) * MAX_WARM_SHARE : 0;
    return this.#meter?.keepsTooMuch(warmMb) ?? false;
  }

  /** To be asked every some milliseconds while it works: ends the process when the request has used more than it may. */
  enforceLimits(): void {
    const { invocations } = this.#channel;
    if (invocations.size > 0) {
      this.#warmRealmsHave(this.#meter?.memoryBytes());
      // Where nobody sees from outside, it meters itself.
      const exceeded = this.#lineMeter?.look(invocations.underWay);
      const overdue = invocations.overdue(this.#killGraceMs);
      if (exceeded) this.#killIfStillAtThem(exceeded);
      if (overdue) this.#killIfStillAt(overdue.id, overdue.reason);
      return;
    }
    const exceeded = this.#channel.isWaiting ? this.#runMeter?.look() : undefined;
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
    if (this.recycled || this.#channel.isWaiting || !this.alive) return false;
    const afterId = this.#channel.lastRequestId;
    if (this.#recyclingWatch?.afterId === afterId) return this.#recyclingWatch.isOverdue();
    this.#recyclingWatch = new RecyclingWatch(this.pid, timeoutMs, afterId);
    return false;
  }

  /** As below, where it may not be known who it is. */
  #killIfStillAtThem(reason: RetireReason): void {
    const { invocations } = this.#channel;
    const { oldest, culpritId } = invocations;
    const { group } = invocations.underWay;
    setImmediate(() => {
      const { underWay } = invocations;
      if (group === 0) {
        if (invocations.oldest === oldest) this.kill(reason, culpritId);
        return;
      }
      // Another one may be at it by now; what all have used is what it was.
      const exceeded = underWay.group === group ? this.#lineMeter?.look(underWay) : undefined;
      if (exceeded) this.kill(exceeded, invocations.culpritId);
    });
  }

  #killIfStillAt(id: number, reason: RetireReason): void {
    // It may be this process that is late, with the answer unread: between timers and immediates, it is read. What was measured is then
    // what others have used that came after it.
    setImmediate(() => {
      if (this.#channel.invocations.has(id)) this.kill(reason, id);
    });
  }

  /** @throws VmGoneError */
  async run(request: RunRequest): Promise<RunReply> {
    const { units, contextJson, inputJson, globalsJson = '', calls, limits, keepAs } = request;
    const { timeoutMs, maxCpuMs, maxMemoryMb, maxResultBytes, maxLogBytes, maxLogEntries } = limits;
    if (this.#limits?.areBelow(maxMemoryMb)) await this.#raise(this.#limits, maxMemoryMb);
    this.#prepare(limits);
    const keep = keepAs === undefined ? undefined : this.#warmRealms.next();
    const reply = await this.#request(
      {
        type: 'run',
        units: units.map(headerOf),
        keep,
        timeoutMs,
        maxMemoryMb,
        maxCpuMs: this.#meter ? undefined : maxCpuMs,
        calls: calls && allowedOf(calls),
        limits: { maxResultBytes, maxLogBytes, maxLogEntries },
      },
      [contextJson, inputJson, globalsJson, ...units.flatMap(codeOf)],
      replySizeOf(limits, calls?.maxApiArgumentBytes),
      { timeoutMs: timeoutMs + this.#killGraceMs, lateReason: 'wall' },
      calls?.onCall.bind(calls),
    );
    const { message, attachments } = this.#expectType('ran', reply);
    const { outcome, logs, heapBytes } = message;
    if (outcome.kind === 'cancelled' || outcome.kind === 'lost') throw this.#violation('what only invocations come to');
    const used = this.#runMeter?.answered(message.cpuMs) ?? { cpuMs: message.cpuMs, peakMemoryBytes: heapBytes };
    // isolated-vm may throw a late error out of any later entry.
    if (outcome.kind === 'out-of-memory') this.kill('memory');
    else if (outcome.kind === 'timed-out' || outcome.kind === 'out-of-cpu') this.#isNew();
    else this.#updateKept(units, outcome.kind);
    if (keepAs && keep !== undefined && mayBeKept(outcome.kind)) {
      // What it has used before has been thrown away, or is not the realm's.
      if (this.#warmRealms.size === 0) this.#bytesBeforeWarm = this.#meter?.restBytes ?? 0;
      this.#warmRealms.keep(keepAs, keep);
      if (!this.#meter) this.#warmRealmsHave(heapBytes);
    }
    const result = attachments[0];
    const resultBytes = result?.byteLength ?? 0;
    if (resultBytes > maxResultBytes) throw this.#violation('a result larger than asked for');
    if (isLogTooLong(logs, limits)) throw this.#violation('more logs than asked for');
    const resultJson = result?.toString('utf8') ?? '';
    const refused = message.refused.length > 0 ? this.#keysOfRefused(message.refused, units) : [];
    const { cpuMs, peakMemoryBytes } = used;
    return { outcome, logs, heapBytes, cpuMs, peakMemoryBytes, resultJson, resultBytes, refused };
  }

  /** Whether it has a warm realm of this key. */
  keeps(key: string, maxMemoryMb: number): boolean {
    return this.#isolateMemoryMb === maxMemoryMb && this.#warmRealms.has(key);
  }

  /**
   * The warm realm for one more invocation of a script; undefined when there is none in the present isolate.
   *
   * @param version of what its modules import; undefined where there are none
   */
  warmRealm(key: string, maxMemoryMb: number, version?: string): number | undefined {
    return this.#isolateMemoryMb === maxMemoryMb ? this.#warmRealms.use(key, version) : undefined;
  }

  /** What the modules of a warm realm import; undefined when it keeps none for this key. */
  linked(key: string): LinkedModules | undefined {
    return this.#warmRealms.linked(key);
  }

  /**
   * Invokes a warm realm; others may be under way, and begin first. Returns a number by which it can be cancelled.
   *
   * @throws Error while it works on a request
   */
  invoke(realm: number, request: InvocationRequest): number {
    if (!this.alive) {
      request.onGone(new VmGoneError(this.#killedFor ?? 'crashed'), false);
      return NO_ID;
    }
    if (this.#channel.isWaiting || this.#isBeingPrepared) throw this.#isBusy();
    this.#lineMeter ??= this.#meter?.measureLine();
    this.#channel.allow(replySizeOf(request.limits, request.limits.maxApiArgumentBytes));
    return this.#channel.invocations.send(realm, request);
  }

  /** Asks for an invocation to be given up, or for all back that have not begun if it has not. One of its callbacks is called in any case. */
  cancel(id: number): void {
    this.#channel.invocations.cancel(id);
  }

  /** Asks invocations back that have not begun. */
  recall(): void {
    this.#channel.invocations.recall();
  }

  /** Lets warm realms go. @param version of what their modules import; left out for any */
  forget(key: string, version?: string): void {
    if (version === undefined) this.#warmRealms.dropAll(key);
    else this.#warmRealms.dropOutdated(key, version);
  }

  /** @throws VmGoneError */
  async compile({ script, language, source, limits }: CompileRequest): Promise<CompileReply> {
    this.#hasReadTypeScript ||= language === 'typescript';
    const header = { type: 'compile' as const, script, language, maxMemoryMb: limits.maxMemoryMb };
    const { outcome, used, attachments } = await this.#compileOrLink(header, [source], limits, source.length);
    const [codeCache, text] = attachments.map(optional);
    const javascript = text?.toString('utf8');
    const reply = { outcome, ...used, codeCache, javascript };
    if (!isCompilationOf(script, language, source, reply)) throw this.#violation('what cannot come of this source');
    if (outcome.kind === 'parser-overflowed') this.kill('parser');
    if (outcome.kind === 'compiled') {
      this.#keptScripts.use(script.key, source.length, { imports: outcome.imports, compileMs: used.cpuMs });
    }
    return reply;
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
    this.#isNew();
    this.#isolateMemoryMb = undefined;
    this.#runMeter = undefined;
    const patient = { timeoutMs, lateReason: 'unhealthy' as const };
    this.#expectType('done', await this.#request({ type: 'reset' }, [], PLAIN_REPLY, patient));
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
    const patient = { timeoutMs, lateReason: 'unhealthy' as const, patience };
    this.#expectType('done', await this.#request({ type: 'check' }, [], PLAIN_REPLY, patient));
  }

  /** Ends the process at once. The first reason given is the one that counts. @param culpritId the invocation that has given it */
  kill(reason: RetireReason, culpritId?: number): void {
    if (!this.alive) return;
    this.#killedFor = reason;
    // The meter has nothing to read any more once the process is gone.
    const gone = new VmGoneError(reason, this.#usedNow());
    this.#child.kill('SIGKILL');
    this.#channel.close(gone, culpritId);
  }

  async #compileOrLink(
    request: Request,
    attachments: readonly (string | Uint8Array)[],
    limits: RequestLimits,
    sourceChars: number,
  ): Promise<{ outcome: CompileOutcome; used: MeteredUse; attachments: readonly Buffer[] }> {
    if (this.#limits?.areBelow(limits.maxMemoryMb)) await this.#raise(this.#limits, limits.maxMemoryMb);
    this.#prepare(limits);
    const { timeoutMs, maxCpuMs } = limits;
    // Where nobody sees from outside what CPU it uses, it has no more time than that.
    const isCpu = !this.#meter && maxCpuMs < timeoutMs;
    const patient: Patient = isCpu ? { timeoutMs: maxCpuMs, lateReason: 'cpu' } : { timeoutMs, lateReason: 'wall' };
    const size = compiledSizeOf(sourceChars);
    const reply = this.#expectType('compiled', await this.#request(request, attachments, size, patient));
    const { outcome, cpuMs } = reply.message;
    const used = this.#runMeter?.answered(cpuMs) ?? { cpuMs, peakMemoryBytes: 0 };
    if (outcome.kind === 'out-of-memory') this.kill('memory');
    return { outcome, used, attachments: reply.attachments };
  }

  /** The units whose code cache V8 refused. @throws VmGoneError when they cannot be */
  #keysOfRefused(refused: readonly number[], units: readonly RunUnit[]): readonly string[] {
    return [...new Set(refused)].map((index) => {
      const unit = units[index];
      if (!unit?.code?.codeCache) throw this.#violation('word of a code cache that it was not given');
      return unit.key;
    });
  }

  /** As the process does, so that both agree. */
  #updateKept(units: readonly RunUnit[], outcome: (RunOutcome | CompileOutcome)['kind']): void {
    if (outcome === 'not-held') this.#keptScripts.clear();
    if (outcome === 'not-held' || outcome === 'not-compiled') return;
    for (const { key, sourceChars, imports, compileMs } of units) {
      const specifiers = imports.map(([specifier]) => specifier);
      this.#keptScripts.use(key, sourceChars, { imports: specifiers, compileMs });
    }
  }

  #prepare(limits: MeterLimits): void {
    if (this.busy) throw this.#isBusy();
    if (this.#isolateMemoryMb !== limits.maxMemoryMb) this.#isNew();
    this.#isolateMemoryMb = limits.maxMemoryMb;
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

  /** Not async, as others on the path of an execution: every promise is one more thing that it waits for. */
  #request(
    request: Request,
    attachments: readonly (string | Uint8Array)[],
    size: ReplySize,
    patient: Patient,
    onCall?: OnCall,
  ): Promise<Reply> {
    if (!this.alive) throw new VmGoneError(this.#killedFor ?? 'crashed');
    if (this.#channel.isWaiting || this.#channel.invocations.size > 0) throw this.#isBusy();
    return this.#channel.request(request, attachments, size, patient, onCall);
  }

  #expectType<T extends VmMessage['type']>(type: T, reply: Reply): ReplyOf<T> {
    if (reply.message.type !== type) throw this.#violation(`${reply.message.type} in answer to a request for ${type}`);
    return reply as ReplyOf<T>;
  }

  #usedNow(): MeteredUse | undefined {
    const { oldest } = this.#channel.invocations;
    return oldest ? this.#lineMeter?.read(oldest) : this.#runMeter?.read();
  }

  /** What an invocation came to may have cost the process; of its isolate it tells itself. */
  #invoked(kind: RunOutcome['kind']): void {
    if (kind === 'out-of-memory') this.kill('memory');
  }

  /** It has another isolate. */
  #isNew(): void {
    this.#keptScripts.clear();
    this.#warmRealms.clear();
    this.#channel.invocations.forgetAll();
  }

  #hasRecycled(replaced: boolean): void {
    if (replaced) this.#isNew();
    this.#meter?.hasRecycled();
    this.#warmRealmsHave(this.#meter?.restBytes);
    if (this.#channel.isWaiting) this.#runMeter?.begun();
    if (this.recycled) this.onRecycled?.();
  }

  /** Its memory, where warm realms are what it grows by. A heap is its own word: no more is believed than it can have. */
  #warmRealmsHave(bytes: number | undefined): void {
    if (bytes === undefined || this.#warmRealms.size === 0) return;
    const mostBytes = ((this.#isolateMemoryMb ?? 0) + MEMORY_ALLOWANCE_MB) * MIB;
    this.#warmRealms.grown(Math.min(bytes - this.#bytesBeforeWarm, mostBytes));
  }

  #violation(what: string): VmGoneError {
    this.kill('protocol');
    return new VmGoneError('protocol', this.#runMeter?.read(), { cause: new ProtocolError(what) });
  }
}

/** Whether a script has come so far that its realm can be invoked again. */
function mayBeKept(kind: RunOutcome['kind']): boolean {
  return ['value', 'undefined', 'threw', 'not-serializable', 'result-too-large'].includes(kind);
}

function optional(bytes: Buffer): Buffer | undefined {
  return bytes.byteLength > 0 ? bytes : undefined;
}
