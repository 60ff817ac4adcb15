import type { ApiHeader, CallAnswerKind, RealmApiErrorCode } from '../../protocol/messages.ts';
import { describeThrown } from './describe-thrown.ts';
import type { Primordials } from './primordials.ts';

/** An answer to one call. */
interface Answer {
  readonly kind: CallAnswerKind;
  readonly text: string;
}

export interface RealmCalls {
  /** Adds functions for this one execution. */
  add(apis: readonly ApiHeader[]): void;
  /** Before that, no call is let out. `maxArgumentChars` in UTF-16 code units. */
  open(maxCalls: number, maxInFlight: number, maxArgumentChars: number): void;
  /** The calls made since it was last asked, each as `number name length:arguments`; empty when there are none. */
  take(): string;
  /** Settles calls. `answers`: each as `number kind length:text`. */
  deliver(answers: string): void;
  /** Whether this is what a call has rejected with, and nothing that a script has made to look like it. */
  isApiError(thrown: unknown): boolean;
}

/** Calls a function of a host API. */
export type CallApi = (api: ApiHeader, args: unknown[]) => Promise<unknown>;
/** Makes a namespace a global; it is frozen, and so are its functions. */
export type DefineNamespace = (name: string, namespace: object) => void;
/** Defines the host APIs that every realm has: code made of their names, see `api-source.ts`. */
export type DefineApis = (call: CallApi, freeze: Primordials['freeze'], define: DefineNamespace) => void;

/**
 * Defines the namespaces of host APIs: frozen, with async functions. A call is text that the process outside takes away when
 * the script next waits, so no host function is needed in here.
 */
export function installHostApis(use: Primordials, defineApis: DefineApis): RealmCalls {
  type Namespace = Record<string, unknown>;
  const namespaces: Record<string, Namespace> = { __proto__: null } as never;
  /** By number, as text. */
  const waiting: Record<string, (answer: Answer) => void> = { __proto__: null } as never;
  const errors = new use.WeakSet();
  let outbox = '';
  let lastCall = 0;
  let inFlight = 0;
  let callsLeft = 0;
  let maxCalls = 0;
  let maxInFlight = 0;
  let maxArgumentChars = 0;

  // Made where the caller waits, so that its stack says where that is.
  const apiError = (code: string, message: string, details?: unknown): Error => {
    const error = new use.Error(message);
    const define = (key: string, value: unknown, enumerable: boolean): void => {
      use.defineProperty(error, key, {
        __proto__: null,
        value,
        enumerable,
        writable: true,
        configurable: true,
      } as never);
    };
    define('name', 'ApiError', false);
    define('code', code, true);
    if (details !== undefined) define('details', details, true);
    use.apply(use.weakSetAdd, errors, [error]);
    return error;
  };
  const refusal = (code: RealmApiErrorCode, message: string): Error => apiError(code, message);

  const argumentsOf = (name: string, args: unknown[]): string => {
    let { length } = args;
    while (length > 0 && args[length - 1] === undefined) length--;
    args.length = length;
    for (let index = 0; index < length; index++) {
      const type = typeof args[index];
      if (type === 'function' || type === 'symbol' || type === 'bigint') {
        throw refusal('API_CALL_INVALID', `${name}: a ${type} is not JSON`);
      }
    }
    let text: string | undefined;
    try {
      text = use.stringify(args);
    } catch (thrown) {
      const { message } = use.parse(describeThrown(use, thrown)) as { message: string };
      throw refusal('API_CALL_INVALID', `${name}: the arguments are not JSON: ${message}`);
    }
    if (text === undefined) throw refusal('API_CALL_INVALID', `${name}: the arguments are not JSON`);
    if (text.length <= maxArgumentChars) return text;
    const sizes = `${text.length} characters as JSON; allowed are ${maxArgumentChars}`;
    throw refusal('API_CALL_INVALID', `${name}: the arguments have ${sizes} (maxApiArgumentBytes)`);
  };
  const refuseBeyondLimits = (cost: number): void => {
    if (cost > callsLeft) {
      const message = `No more API calls: ${maxCalls} are allowed, by their cost (maxApiCalls)`;
      throw refusal('API_CALL_LIMIT_EXCEEDED', message);
    }
    if (inFlight < maxInFlight) return;
    const message = `${maxInFlight} API calls are under way, and no more are allowed at a time (maxApiCallsInFlight)`;
    throw refusal('API_CALL_LIMIT_EXCEEDED', message);
  };
  const withBody = (value: { body?: unknown }): unknown => {
    const { body } = value;
    delete value.body;
    const text = use.toText(body);
    const define = (key: string, read: () => unknown): void => {
      use.defineProperty(value, key, { __proto__: null, value: read, enumerable: false } as never);
    };
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to be a rejection, as with fetch
    define('json', async () => use.parse(text) as unknown);
    // eslint-disable-next-line @typescript-eslint/require-await -- as json()
    define('text', async () => text);
    return value;
  };
  const call: CallApi = async ({ name, cost, body }, args) => {
    refuseBeyondLimits(cost);
    const text = argumentsOf(name, args);
    // What made the text may have called as well.
    refuseBeyondLimits(cost);
    callsLeft -= cost;
    inFlight++;
    const number = ++lastCall;
    outbox += `${number} ${name} ${text.length}:${text}`;
    const answer = await new use.Promise<Answer>((resolve) => {
      waiting[number] = resolve;
    });
    if (answer.kind === 'undefined') return undefined;
    const value = use.parse(answer.text) as unknown;
    if (answer.kind === 'value') return body ? withBody(value as object) : value;
    const { code, message, details } = value as { code: string; message: string; details?: unknown };
    throw apiError(code, message, details);
  };

  const indexOf = (text: string, what: string, from: number): number =>
    use.apply(use.stringIndexOf, text, [what, from]);
  const slice = (text: string, from: number, to: number): string => use.apply(use.stringSlice, text, [from, to]);
  const settle = (number: string, answer: Answer): void => {
    const resolve = waiting[number];
    if (!resolve) return;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a Map would be used through methods
    delete waiting[number];
    inFlight--;
    resolve(answer);
  };

  const define: DefineNamespace = (name, value) => {
    namespaces[name] = value as Namespace;
    // Like `console`: what a script declares under this name is its own, so that a new API breaks no script.
    use.defineProperty(globalThis, name, {
      __proto__: null,
      value,
      writable: true,
      configurable: true,
      enumerable: false,
    } as never);
  };
  const add = (headers: readonly ApiHeader[]): void => {
    const changed: Record<string, Namespace> = { __proto__: null } as never;
    for (let index = 0; index < headers.length; index++) {
      const header = headers[index] as ApiHeader;
      const dot = indexOf(header.name, '.', 0);
      const name = slice(header.name, 0, dot);
      const method = slice(header.name, dot + 1, header.name.length);
      const namespace = (changed[name] ??= use.assign({ __proto__: null }, namespaces[name]) as Namespace);
      // An object literal, so that the function has its name. Not async: that would wait through `Promise.prototype.then`.
      const functions = { __proto__: null, [method]: (...args: unknown[]) => call(header, args) };
      namespace[method] = use.freeze(functions[method]);
    }
    for (const name in changed) define(name, use.freeze(changed[name] as Namespace));
  };
  defineApis(call, use.freeze, define);

  return {
    add,
    open(calls, callsInFlight, argumentChars) {
      maxCalls = callsLeft = calls;
      maxInFlight = callsInFlight;
      maxArgumentChars = argumentChars;
    },
    take() {
      const calls = outbox;
      outbox = '';
      return calls;
    },
    deliver(answers) {
      for (let offset = 0; offset < answers.length;) {
        const afterNumber = indexOf(answers, ' ', offset);
        const afterKind = indexOf(answers, ' ', afterNumber + 1);
        const colon = indexOf(answers, ':', afterKind + 1);
        const end = colon + 1 + use.toNumber(slice(answers, afterKind + 1, colon));
        const number = slice(answers, offset, afterNumber);
        const kind = slice(answers, afterNumber + 1, afterKind) as CallAnswerKind;
        const text = slice(answers, colon + 1, end);
        offset = end;
        settle(number, { __proto__: null, kind, text } as Answer);
      }
    },
    isApiError: (thrown) =>
      typeof thrown === 'object' && thrown !== null && use.apply(use.weakSetHas, errors, [thrown]),
  };
}
