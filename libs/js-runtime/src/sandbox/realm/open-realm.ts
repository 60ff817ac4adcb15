import type { ApiHeader } from '../../protocol/messages.ts';
import type { EntryNamespace } from '../link-modules.ts';
import { installConsole } from './console.ts';
import { deepFreeze } from './deep-freeze.ts';
import { describeThrown } from './describe-thrown.ts';
import { disableCodeGeneration } from './disable-code-generation.ts';
import type { Hardened } from './harden-realm.ts';
import { installHostApis, type DefineApis } from './host-apis.ts';
import { capturePrimordials } from './primordials.ts';
import { removeGlobals } from './remove-globals.ts';
import { installStructuredClone } from './structured-clone.ts';
import { installTimers } from './timers.ts';

/** isolated-vm's handles as they are inside the isolate. */
interface ContextHandle {
  release(): void;
}
interface ScriptHandle {
  runSync(context: ContextHandle, options: object): { deref(): unknown; release(): void };
  release(): void;
}

/**
 * What the process outside may ask of a realm. Strings and numbers cross, for `warm` and `run` the handles of a
 * compiled script and of the realm's own context (the script is run from in here, so that what it throws is caught in
 * here), and for `module` the namespace of a module of ours that exports the script's default export. Tenant code never gets
 * to see a handle.
 *
 * Replies to `run`, `module`, `tick` and `poll` start with a letter for the state of the execution, followed by text:
 * `v` value (JSON), `u` undefined, `e` thrown (JSON of name, message, stack, code, isApiError), `n` not serializable (reason),
 * `l` larger than allowed (length), `p` pending (ms until the next timer, or nothing; to `poll`, then a line feed and the calls
 * of host APIs that were made, if there are any). To `InvokeAgain` also `d` when somebody has changed the realm, which is not to be used any
 * more.
 */
export type EnterRealm = (
  operation:
    | 'warm'
    | 'keep'
    | 'harden'
    | 'begin'
    | 'run'
    | 'module'
    | 'tick'
    | 'deliverer'
    | 'poller'
    | 'invoker'
    | 'poll'
    | 'logs',
  ...args: unknown[]
) => string | DeliverAnswers | InvokeAgain | (() => string) | undefined;

/** Settles calls of host APIs. `answers`: each as `number kind length:text`. */
export type DeliverAnswers = (answers: string) => void;

/** Invokes a warm realm once more, with the limits that it was opened with. `contextJson`: empty when it is that of the last one. */
export type InvokeAgain = (contextJson: string, executionId: string, deadlineMs: number, inputJson: string) => string;

/**
 * Turns a new context into the realm of one execution. Runs before any tenant code and returns the only way in;
 * the realm has no way out: no host function is in it, and what tenant code can reach of ours (console, timers, host APIs) only
 * keeps what it is given until somebody enters. Of a realm that is kept, the process sees without entering whether something was logged.
 */
export function openRealm(defineApis: DefineApis): EnterRealm {
  const use = capturePrimordials();
  disableCodeGeneration();
  removeGlobals();
  const log = installConsole(use);
  const timers = installTimers(use);
  installStructuredClone(use);
  const calls = installHostApis(use, defineApis);

  let state: string | undefined;
  /** Of a warm realm: which of its invocations this is. What one of them has left pending is never taken for the next one's. */
  let turn = 0;
  let isWarm = false;
  let hardened: Hardened | undefined;
  let isEvaluating = false;
  /** Of a warm realm: what every invocation calls, or comes to. */
  let kept: unknown;
  let hasKept = false;
  let isBody = false;
  /** What the contexts of its invocations have in common, as JSON and as values. */
  let commonJson = '';
  let common: object | undefined;
  let maxResultChars = 0;
  /** Gives an execution all that it may log and call. */
  let openBudgets = (): void => undefined;
  let input: unknown;
  let readContext: (() => unknown) | undefined;
  /** Of modules that have not been evaluated to the end. */
  let entry: EntryNamespace | undefined;

  const fail = (thrown: unknown): void => {
    state ??= 'e' + describeThrown(use, thrown, calls.isApiError(thrown) ? true : undefined);
  };
  const serialize = (value: unknown): string => {
    if (value === undefined) return 'u';
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
      return `nA ${typeof value} is not JSON`;
    }
    let text: string | undefined;
    try {
      text = use.stringify(value);
    } catch (thrown) {
      const { message } = use.parse(describeThrown(use, thrown)) as { message: string };
      return 'n' + message;
    }
    if (text === undefined) return 'nIts toJSON() returns nothing that is JSON';
    if (text.length > maxResultChars) return `l${text.length}`;
    return 'v' + text;
  };
  const settleLater = async (value: unknown): Promise<void> => {
    const ofTurn = turn;
    try {
      const result: unknown = await value;
      if (ofTurn === turn) state ??= serialize(result);
    } catch (thrown) {
      if (ofTurn === turn) fail(thrown);
    }
  };
  const dueNow = (): string => state ?? 'p0';
  const poll = (): string => {
    // What it has begun may be done as soon as the microtasks were run, so it is asked for again at once.
    if (entry && state === undefined && beginModule(entry)) return dueNow();
    return state ?? `p${timers.nextDelayMs() ?? ''}`;
  };

  const look = (): string => {
    const polled = poll();
    const made = calls.take();
    return made === '' || state !== undefined ? polled : `${polled}\n${made}`;
  };

  // isolated-vm reads options like any object, inherited ones too.
  const asReference = use.freeze({ __proto__: null, reference: true });
  /** Releases the handles, which are copies: else it takes two collections of garbage to be rid of this context, one for each end. */
  const evaluate = (script: ScriptHandle, context: ContextHandle): unknown => {
    try {
      const reference = script.runSync(context, asReference);
      const value = reference.deref();
      reference.release();
      return value;
    } finally {
      script.release();
      context.release();
    }
  };
  const settle = (value: unknown): void => {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') void settleLater(value);
    else state ??= serialize(value);
  };

  /** Its last binding is dead until all modules have been evaluated. */
  const isEvaluated = (namespace: EntryNamespace): boolean => {
    try {
      return namespace.done;
    } catch {
      return false;
    }
  };
  /** False while the modules still wait for something. */
  const beginModule = (namespace: EntryNamespace): boolean => {
    if (!isEvaluated(namespace)) return false;
    entry = undefined;
    isEvaluating = false;
    hardened?.freezeGlobal();
    try {
      const { value } = namespace;
      kept = value;
      hasKept = true;
      settle(typeof value === 'function' ? use.apply(value, undefined, [input, readContext?.()]) : value);
    } catch (thrown) {
      fail(thrown);
    }
    return true;
  };

  use.defineProperty(globalThis, 'queueMicrotask', {
    value: (run: unknown): void => {
      if (typeof run !== 'function') throw new use.TypeError('queueMicrotask needs a function to call');
      const ofTurn = turn;
      const later = async (): Promise<void> => {
        await undefined;
        try {
          use.apply(run, undefined, []);
        } catch (thrown) {
          if (ofTurn === turn) fail(thrown);
        }
      };
      void later();
    },
    writable: true,
    configurable: true,
  });

  /**
   * Parsed when it is first looked at: a trivial script that never does takes a fifth less. But each look takes 17 ns more
   * than at a value, and is not optimized; so this is not for the input, which loops go through.
   */
  /** Calls a function when it is first asked for its value. Near the end of the stack that may throw, and is then done another time. */
  const once = (make: () => unknown): (() => unknown) => {
    let isMade = false;
    let value: unknown;
    return () => {
      if (!isMade) {
        value = make();
        isMade = true;
      }
      return value;
    };
  };
  const defineAll = (values: object): void => {
    const names = use.ownKeys(values);
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const value = deepFreeze(use, (values as Record<string, unknown>)[name]);
      use.defineProperty(globalThis, name, { __proto__: null, value, enumerable: true } as PropertyDescriptor);
    }
  };
  const begin = (args: unknown[]): void => {
    maxResultChars = args[2] as number;
    const contextJson = args[3] as string;
    readContext = once(() => deepFreeze(use, use.parse(contextJson) as unknown));
    input = args[4] === '' ? undefined : deepFreeze(use, use.parse(args[4] as string) as unknown);
    if (!isWarm) {
      use.defineProperty(globalThis, 'context', { get: readContext, enumerable: true });
      use.defineProperty(globalThis, 'input', { value: input, enumerable: true });
    }
    if (args[5] !== '') defineAll(use.parse(args[5] as string) as object);
    const maxEntries = args[0] as number;
    const maxChars = args[1] as number;
    const maxCalls = args[6] as number;
    const maxCallsInFlight = args[7] as number;
    const maxArgumentChars = args[8] as number;
    openBudgets = () => {
      log.open(maxEntries, maxChars);
      calls.open(maxCalls, maxCallsInFlight, maxArgumentChars);
    };
    openBudgets();
    if (args[9] !== '') calls.add(use.parse(args[9] as string) as readonly ApiHeader[]);
  };

  /** The realm is about to be hardened: what is an invocation's own is behind these. */
  const defineOwn = (name: string, read: () => unknown): void => {
    const get = (): unknown => {
      if (!isEvaluating) return read();
      throw new use.TypeError(`${name} is each invocation's own: there is none while the module is evaluated`);
    };
    use.defineProperty(globalThis, name, { __proto__: null, get, enumerable: true } as PropertyDescriptor);
  };
  const invoke = (): void => {
    try {
      if (typeof kept !== 'function') settle(kept);
      else settle(use.apply(kept, undefined, isBody ? [] : [input, readContext?.()]));
    } catch (thrown) {
      fail(thrown);
    }
  };
  const prepareAgain: (...args: Parameters<InvokeAgain>) => void = (
    contextJson,
    executionId,
    deadlineMs,
    inputJson,
  ) => {
    turn++;
    state = undefined;
    timers.clear();
    openBudgets();
    if (contextJson !== '') {
      commonJson = contextJson;
      common = undefined;
    }
    readContext = once(() => {
      common ??= deepFreeze(use, use.parse(commonJson) as object);
      return use.freeze(use.assign({}, common, { __proto__: null, executionId, deadlineMs }));
    });
    input = inputJson === '' ? undefined : deepFreeze(use, use.parse(inputJson) as unknown);
  };
  const again: InvokeAgain = (contextJson, executionId, deadlineMs, inputJson) => {
    if (!hasKept || !hardened?.isIntact()) return 'd';
    prepareAgain(contextJson, executionId, deadlineMs, inputJson);
    invoke();
    return poll();
  };

  return (operation, ...args) => {
    switch (operation) {
      case 'keep':
        isWarm = true;
        log.noteIn(new Int32Array(args[0] as SharedArrayBuffer));
        defineOwn('context', () => readContext?.());
        defineOwn('input', () => input);
        return undefined;
      case 'harden':
        hardened = args[0] as Hardened;
        return undefined;
      case 'warm':
        // The first use of a handle in a context makes its class there, which takes longer than a script does.
        evaluate(args[0] as ScriptHandle, args[1] as ContextHandle);
        return undefined;
      case 'begin':
        isEvaluating = isWarm;
        begin(args);
        return undefined;
      case 'run':
        begin(args);
        hardened?.freezeGlobal();
        try {
          const value = evaluate(args[10] as ScriptHandle, args[11] as ContextHandle);
          if (args[12] !== 'function') settle(value);
          else {
            isBody = true;
            // Itself, it is reached as `arguments.callee`.
            kept = use.freeze(value);
            hasKept = true;
            settle(use.apply(kept as () => unknown, undefined, []));
          }
        } catch (thrown) {
          fail(thrown);
        }
        return poll();
      case 'module':
        entry = args[0] as EntryNamespace;
        return poll();
      case 'tick':
        try {
          timers.runDue();
        } catch (thrown) {
          fail(thrown);
        }
        return poll();
      case 'deliverer':
        return calls.deliver;
      case 'poller':
        return look;
      case 'invoker':
        return again;
      case 'poll':
        return look();
      case 'logs':
        return log.read();
    }
  };
}
