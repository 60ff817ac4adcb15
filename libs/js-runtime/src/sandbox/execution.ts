import type ivm from 'isolated-vm';
import type { HostMessage, LogEntry, RunOutcome, ScriptWrap } from '../protocol/messages.ts';
import type { CallLine } from './call-line.ts';
import type { LinkedModules } from './link-modules.ts';
import { readLogs } from './read-logs.ts';
import type { Invocation, Realm } from './realm.ts';
import { describeForAuthor, type RawError } from './script-position.ts';
import type { TimeBudget, TimeOutcome } from './time-budget.ts';

/** What is run: a script, or modules that were linked into the realm. */
export type Program =
  | { readonly kind: 'script'; readonly script: ivm.Script; readonly wrap: ScriptWrap }
  | { readonly kind: 'modules'; readonly modules: LinkedModules }
  /** What the realm has kept. */
  | { readonly kind: 'kept'; readonly invocation: Invocation };

/** What a realm is told in JSON. */
export interface RealmTexts {
  readonly contextJson: string;
  /** Empty for no input. */
  readonly inputJson: string;
  /** An object with further globals; empty for none. */
  readonly globalsJson: string;
}

export interface ExecutionInput extends RealmTexts {
  readonly isolate: ivm.Isolate;
  readonly realm: Realm;
  readonly program: Program;
  readonly request: HostMessage & { type: 'run' };
  readonly calls: CallLine;
  readonly budget: TimeBudget;
  /** Asked after each entry. */
  readonly exceedsMemory: () => boolean;
  /** Whether another was interrupted in its isolate: what is thrown then may not be its own. */
  readonly isWorn: () => boolean;
}

export interface ExecutionOutput {
  readonly outcome: RunOutcome;
  /** JSON, with an outcome of kind `value`. */
  readonly resultJson: string;
  readonly logs: readonly LogEntry[];
  /** It was given up, and not interrupted: nothing of it was running. */
  readonly isGivenUp?: boolean;
}

/** What a script has left behind that was interrupted, microtasks, would run when its logs are read. Else nothing of it does. */
const LOG_READ_TIMEOUT_MS = 50;

/** What the realm says of what was thrown. */
interface ThrownByScript extends RawError {
  readonly isApiError?: true;
}

/**
 * Runs one script in its realm, waiting for promises, timers and host APIs, until it settles or its time is up. Then it calls
 * `done`, once; for a script that waits for nothing, before this returns.
 */
export function execute(input: ExecutionInput, done: Done): void {
  goOn(input, () => begin(input), done);
}

type Done = (output: ExecutionOutput) => void;

/**
 * Enters the realm, again and again while there is something to do at once; then waits. What it waits for calls it directly:
 * a promise in between would take longer than what most answers to calls do in the realm.
 */
function goOn(input: ExecutionInput, enter: () => string, done: Done): void {
  const output = enterUntilItWaits(input, enter, done);
  if (output) done(output);
}

/** Undefined when it waits. */
function enterUntilItWaits(input: ExecutionInput, enter: () => string, done: Done): ExecutionOutput | undefined {
  const { realm, budget, calls } = input;
  try {
    for (let state = enter(); ; state = realm.tick(budget)) {
      const output = outputOf(input, state);
      if (output) return output;
      const { nextTimerMs, made } = readPending(state);
      calls.send(made);
      // A script whose timers are always due does not keep answers from being read.
      if (nextTimerMs > 0 || calls.isOpen) {
        wait(input, nextTimerMs, done);
        return undefined;
      }
      const over = outputIfOver(input);
      if (over) return over;
    }
  } catch (error) {
    return finish(input, whyEntryFailed(input, error, budget.whyOver()), '', LOG_READ_TIMEOUT_MS);
  }
}

/** What it has come to; undefined while it is pending. */
function outputOf(input: ExecutionInput, state: string): ExecutionOutput | undefined {
  if (input.exceedsMemory()) return finish(input, { kind: 'out-of-memory' });
  if (input.budget.hasOverrun()) return outputIfOver(input);
  if (state.startsWith('p')) return undefined;
  return finish(input, readOutcome(state, input.request), state);
}

function wait(input: ExecutionInput, nextTimerMs: number, done: Done): void {
  const { realm, budget, calls } = input;
  budget.pause();
  calls.wait(Math.min(nextTimerMs, budget.remainingMs()), (answers) => {
    const over = outputIfOver(input);
    if (over) done(over);
    else goOn(input, () => (answers.length > 0 ? realm.deliver(answers, budget) : realm.tick(budget)), done);
  });
}

function outputIfOver(input: ExecutionInput): ExecutionOutput | undefined {
  const over = input.budget.whyOver();
  if (input.calls.isCancelled) return { ...finish(input, { kind: 'cancelled' }), isGivenUp: true };
  return over && { ...finish(input, { kind: over, stack: '' }), isGivenUp: true };
}

function begin({ realm, request, program, budget, contextJson, inputJson, globalsJson }: ExecutionInput): string {
  if (program.kind === 'kept') return realm.invoke(contextJson, inputJson, program.invocation, budget);
  const { maxLogEntries, maxLogBytes: maxLogChars, maxResultBytes: maxResultChars } = request.limits;
  const limits = { maxLogEntries, maxLogChars, maxResultChars };
  const setup = { limits, contextJson, inputJson, globalsJson, calls: request.calls };
  switch (program.kind) {
    case 'script':
      return realm.run(setup, program.script, program.wrap, budget);
    case 'modules':
      return realm.runModules(setup, program.modules, budget);
  }
}

/** The state `p`: for how long nothing happens by itself, and the calls that were made. */
function readPending(state: string): { nextTimerMs: number; made: string } {
  const lineEnd = state.indexOf('\n');
  const delay = lineEnd < 0 ? state.slice(1) : state.slice(1, lineEnd);
  return { nextTimerMs: delay === '' ? Infinity : Number(delay), made: lineEnd < 0 ? '' : state.slice(lineEnd + 1) };
}

/**
 * An entry throws when the host side ended it, or for a rejection that nothing handled. The text of the error is the
 * script's to choose, so only what this process knows decides.
 */
function whyEntryFailed(input: ExecutionInput, error: unknown, over: TimeOutcome | undefined): RunOutcome {
  if (input.isolate.isDisposed) return { kind: 'out-of-memory' };
  const info = describeForAuthor(flatten(error), namesOf(input.request));
  if (over) return { kind: over, stack: info.stack };
  return input.isWorn() ? { kind: 'lost' } : { kind: 'threw', error: info };
}

function namesOf({ units }: ExecutionInput['request']): readonly string[] {
  return units.map(({ name }) => name);
}

/** What isolated-vm says of an object that is no error, in place of the object. */
const NOT_AN_ERROR =
  'An object was thrown from supplied code within isolated-vm, but that object was not an instance of `Error`.';

/** An error as isolated-vm copied it out of the isolate: its properties are text, of any length. */
function flatten(error: unknown): { name: string; message: string; stack: string } {
  if (!(error instanceof Error)) return { name: 'NonError', message: String(error).slice(0, 8192), stack: '' };
  const { name, message, stack = '' } = error;
  if (message === NOT_AN_ERROR) {
    return {
      name: 'NonError',
      message: 'an object that is no error was thrown, or a promise rejected with it',
      stack: '',
    };
  }
  return { name: name.slice(0, 256), message: message.slice(0, 8192), stack: stack.slice(0, 16_384) };
}

function readOutcome(state: string, request: ExecutionInput['request']): RunOutcome {
  const text = state.slice(1);
  switch (state[0]) {
    case 'v': {
      const bytes = Buffer.byteLength(text);
      return bytes > request.limits.maxResultBytes ? { kind: 'result-too-large', bytes } : { kind: 'value' };
    }
    case 'u':
      return { kind: 'undefined' };
    case 'e': {
      const { isApiError, ...thrown } = JSON.parse(text) as ThrownByScript;
      return { kind: 'threw', error: describeForAuthor(thrown, namesOf(request)), isApiError };
    }
    case 'n':
      return { kind: 'not-serializable', message: text };
    case 'l':
      return { kind: 'result-too-large', bytes: Number(text) };
    case 'd':
      return { kind: 'not-held' };
    default:
      throw new Error(`unknown state of the realm: ${state.slice(0, 20)}`);
  }
}

function finish(input: ExecutionInput, outcome: RunOutcome, state = '', logReadMs = 0): ExecutionOutput {
  return {
    outcome,
    resultJson: outcome.kind === 'value' ? state.slice(1) : '',
    logs: outcome.kind === 'out-of-memory' ? [] : logsOf(input, logReadMs),
  };
}

function logsOf({ realm, request }: ExecutionInput, timeoutMs: number): LogEntry[] {
  try {
    return readLogs(realm.logs(timeoutMs), request.limits.maxLogBytes);
  } catch {
    // The isolate is worn out by the script's last entry; the outcome already says why.
    return [];
  }
}
