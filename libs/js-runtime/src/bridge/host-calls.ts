import { AsyncResource } from 'node:async_hooks';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import type { ApiFunction, ApiMethod } from '../host-api/api-method.ts';
import { ScriptApiError } from '../host-api/script-api-error.ts';
import type { ApiCallOutcome } from '../metrics/api-call-metrics.ts';
import type { CallAnswer, RunCalls, VmCall } from '../process/vm-request.ts';
import type { ApiHeader } from '../protocol/messages.ts';
import type { AdmittedCall, Caller, SecurityValidator } from '../security/security-validator.ts';
import type { PartSpan } from '../tracing/part-span.ts';
import { answerOf, refusalOf } from './call-answer.ts';
import { HostCall, type CallScope } from './host-call.ts';

export interface HostCallsEvents {
  /** The tenant must not do this. */
  onDenied(api: string, code: string): void;
  /** A method has failed. `isLate`: nobody waited any more. */
  onFailed(api: string, error: unknown, isLate: boolean): void;
  /** A call has come to its end, so many milliseconds after it was read. */
  onEnded(api: string, outcome: ApiCallOutcome, ms: number): void;
}

interface Answered {
  readonly answer: CallAnswer;
  readonly outcome: ApiCallOutcome;
}

const TIMED_OUT = Symbol('timed out');

/** What the script of one execution calls, from the first call until the execution ends. */
export class HostCalls implements RunCalls {
  readonly extraApis: readonly ApiHeader[];
  /** The asynchronous context, nestjs-cls included, of whoever executes the script: a message of a VM comes with none. */
  readonly #callersContext = new AsyncResource('ScriptCalls');
  /** These three are made when there is a call: mostly, there is none. */
  #pending: Set<HostCall> | undefined;
  /** Of the calls that have come to nothing yet. */
  #spans: Map<AdmittedCall, PartSpan> | undefined;
  #refusedWith: Set<string> | undefined;
  #isOver = false;

  constructor(
    private readonly caller: Caller,
    private readonly scope: CallScope,
    private readonly validator: SecurityValidator,
    private readonly events: HostCallsEvents,
    extraApis: readonly ApiMethod[] = [],
  ) {
    this.extraApis = extraApis.map(({ name, cost, body }) => ({ name, cost, body }));
  }

  get maxApiCalls(): number {
    return this.caller.limits.maxApiCalls;
  }

  get maxApiCallsInFlight(): number {
    return this.caller.limits.maxApiCallsInFlight;
  }

  get maxApiArgumentBytes(): number {
    return this.caller.limits.maxApiArgumentBytes;
  }

  /** Whether a call of this execution was refused, or failed, with this code. */
  hasRefusedWith(code: ErrorCode): boolean {
    return this.#refusedWith?.has(code) ?? false;
  }

  /** Runs something where whoever executes the script is. */
  inCallersContext<R>(run: () => R): R {
    return this.#callersContext.runInAsyncScope(run);
  }

  onCall(call: VmCall): void {
    if (this.#isOver) return;
    const admitted = this.validator.admit(call, this.caller);
    const span = this.scope.trace?.beginCall(admitted.method.name);
    if (span) (this.#spans ??= new Map()).set(admitted, span);
    void this.#callersContext.runInAsyncScope(() =>
      span ? span.run(async () => this.#answer(call, admitted)) : this.#answer(call, admitted),
    );
  }

  /** The execution has ended, for whatever reason: whoever still works for it is told. */
  end(): void {
    this.#isOver = true;
    // Whatever they come to later, nobody waits for it.
    for (const call of this.#spans?.keys() ?? []) this.#endSpan(call, 'CANCELLED');
    if (!this.#pending || this.#pending.size === 0) return;
    const reason = new DOMException('The execution has ended', 'AbortError');
    for (const pending of this.#pending) pending.abort(reason);
    this.#pending.clear();
  }

  /** What a call has come to first is what counts. */
  #endSpan(call: AdmittedCall, outcome: ApiCallOutcome): void {
    this.#spans?.get(call)?.end(outcome);
    this.#spans?.delete(call);
  }

  /** Whatever a policy, a schema or a method throws, and whatever is wrong with that: it must not end the backend. */
  async #answer(call: VmCall, admitted: AdmittedCall): Promise<void> {
    const readAt = performance.now();
    let answered: Answered;
    try {
      answered = await this.#answerTo(call, admitted);
    } catch (error) {
      this.#noteFailure(admitted.method, error);
      answered = this.#refused(failed(admitted.method));
    }
    this.#endSpan(admitted, answered.outcome);
    call.answer(answered.answer, admitted.end);
    const outcome = this.#isOver ? 'CANCELLED' : answered.outcome;
    this.events.onEnded(admitted.method.name, outcome, performance.now() - readAt);
  }

  async #answerTo(call: VmCall, admitted: AdmittedCall): Promise<Answered> {
    const { method } = admitted;
    let input: unknown;
    try {
      // Here and below, what is there at once is not waited for: each wait is part of what every call takes.
      const checked = this.validator.check(admitted, call, this.caller);
      ({ input } = checked instanceof Promise ? await checked : checked);
    } catch (thrown) {
      const error = readable(thrown);
      if (!(error instanceof JsRuntimeError)) return this.#failed(method, error);
      if (error.code === 'PERMISSION_DENIED') this.events.onDenied(method.name, error.code);
      return this.#refused(error);
    }
    // What was checked meanwhile must not begin when its execution has ended.
    if (this.#isOver) return { answer: { kind: 'undefined', text: '' }, outcome: 'CANCELLED' };
    const hostCall = new HostCall(this.scope, method.timeoutMs);
    (this.#pending ??= new Set()).add(hostCall);
    try {
      const returned = await this.#invoke(method, input, hostCall);
      if (returned === TIMED_OUT) return this.#refused(timedOut(method));
      const answer = answerOf(method, returned, this.scope.maxResultBytes);
      return answer instanceof JsRuntimeError ? this.#refused(answer) : { answer, outcome: 'OK' };
    } catch (error) {
      return this.#failed(method, error, hostCall);
    } finally {
      this.#pending.delete(hostCall);
    }
  }

  #invoke(method: ApiMethod, input: unknown, hostCall: HostCall): unknown {
    const run = method.functionFor(this.scope.key);
    if (typeof run === 'function') return this.#run(run, method, input, hostCall);
    // It may be there only when the execution has ended.
    return run.then((ready) => (hostCall.isOver ? undefined : this.#run(ready, method, input, hostCall)));
  }

  #run(run: ApiFunction, method: ApiMethod, input: unknown, hostCall: HostCall): unknown {
    const returned = run(input, hostCall);
    return method.timeoutMs === undefined ? returned : this.#within(method.timeoutMs, returned, method, hostCall);
  }

  async #within(timeoutMs: number, returned: unknown, method: ApiMethod, hostCall: HostCall): Promise<unknown> {
    const late = Promise.withResolvers<typeof TIMED_OUT>();
    const work = Promise.resolve(returned);
    const timer = setTimeout(() => {
      late.resolve(TIMED_OUT);
      hostCall.abort(timedOut(method));
      // Nobody else hears of it any more.
      work.catch((error: unknown) => {
        this.#noteFailure(method, error, hostCall);
      });
    }, timeoutMs);
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(method: ApiMethod, thrown: unknown, hostCall?: HostCall): Answered {
    const error = readable(thrown);
    if (error instanceof ScriptApiError) {
      if (error.isDenial) this.events.onDenied(method.name, error.code);
      try {
        return { answer: refusalOf(error), outcome: 'API_ERROR' };
      } catch (cause) {
        return this.#failed(method, cause, hostCall);
      }
    }
    this.#noteFailure(method, error, hostCall);
    return this.#refused(failed(method));
  }

  #noteFailure({ name }: ApiMethod, thrown: unknown, hostCall?: HostCall): void {
    const error = readable(thrown);
    if (hostCall?.isOver && isAbort(error, hostCall)) return;
    this.events.onFailed(name, error, hostCall?.isOver ?? false);
  }

  #refused(error: JsRuntimeError): Answered {
    (this.#refusedWith ??= new Set()).add(error.code);
    return { answer: refusalOf(error), outcome: error.code };
  }
}

function failed({ name }: ApiMethod): JsRuntimeError {
  return new JsRuntimeError('API_CALL_FAILED', `${name} failed`);
}

function timedOut({ name, timeoutMs = 0 }: ApiMethod): JsRuntimeError {
  return new JsRuntimeError('API_CALL_TIMED_OUT', `${name} took longer than ${timeoutMs} ms`);
}

/** What was thrown, or an error in the place of what throws when it is looked at: that would be handled by nobody. */
function readable(thrown: unknown): unknown {
  try {
    return thrown instanceof Error && typeof thrown.name !== 'string' ? new Error('An error without a name') : thrown;
  } catch (cause) {
    return new Error('What was thrown throws when it is looked at', { cause });
  }
}

/** Whether a method only says that it was told to stop. */
function isAbort(error: unknown, { signal }: HostCall): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
