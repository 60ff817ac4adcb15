import { installConsole } from './console.ts';
import { deepFreeze } from './deep-freeze.ts';
import { describeThrown } from './describe-thrown.ts';
import { disableCodeGeneration } from './disable-code-generation.ts';
import { capturePrimordials } from './primordials.ts';
import { removeGlobals } from './remove-globals.ts';
import { installStructuredClone } from './structured-clone.ts';
import { installTimers } from './timers.ts';

/**
 * What the process outside may ask of a realm. Only strings and numbers cross.
 *
 * Replies to `settle`, `call`, `tick` and `poll` start with a letter for the state of the execution, followed by text:
 * `v` value (JSON), `u` undefined, `e` thrown (JSON of name, message, stack), `n` not serializable (reason),
 * `l` larger than allowed (length), `p` pending (ms until the next timer, or nothing).
 */
export type EnterRealm = (
  operation: 'begin' | 'settle' | 'call' | 'tick' | 'poll' | 'logs',
  ...args: unknown[]
) => string | undefined;

/**
 * Turns a new context into the realm of one execution. Runs before any tenant code and returns the only way in; the
 * realm has no way out: no host function, no reference, no handle.
 */
export function openRealm(caughtName: string): EnterRealm {
  const use = capturePrimordials();
  disableCodeGeneration();
  removeGlobals();
  const log = installConsole(use);
  const timers = installTimers(use);
  installStructuredClone(use);

  let state: string | undefined;
  let maxResultChars = 0;

  const fail = (thrown: unknown): void => {
    state ??= 'e' + describeThrown(use, thrown);
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
    try {
      const result: unknown = await value;
      state ??= serialize(result);
    } catch (thrown) {
      fail(thrown);
    }
  };
  const poll = (): string => state ?? `p${timers.nextDelayMs() ?? ''}`;

  /** Stands for "the script threw": what the wrapper's `catch` makes the script's completion value. */
  const caught = use.freeze({ __proto__: null });
  // The wrapper around a classic script calls this by name. A script that calls it only fails itself.
  use.defineProperty(globalThis, caughtName, {
    value: (thrown: unknown): object => {
      fail(thrown);
      return caught;
    },
  });
  use.defineProperty(globalThis, 'queueMicrotask', {
    value: (run: unknown): void => {
      if (typeof run !== 'function') throw new use.TypeError('queueMicrotask needs a function to call');
      const later = async (): Promise<void> => {
        await undefined;
        try {
          use.apply(run, undefined, []);
        } catch (thrown) {
          fail(thrown);
        }
      };
      void later();
    },
    writable: true,
    configurable: true,
  });

  return (operation, ...args) => {
    switch (operation) {
      case 'begin': {
        log.open(args[0] as number, args[1] as number);
        maxResultChars = args[2] as number;
        const context = deepFreeze(use, use.parse(args[3] as string) as unknown);
        use.defineProperty(globalThis, 'context', { value: context, enumerable: true });
        const input = args[4] === '' ? undefined : deepFreeze(use, use.parse(args[4] as string) as unknown);
        use.defineProperty(globalThis, 'input', { value: input, enumerable: true });
        return undefined;
      }
      case 'settle': {
        const value = args[0];
        if (value === caught) return poll();
        if ((typeof value === 'object' && value !== null) || typeof value === 'function') void settleLater(value);
        else state ??= serialize(value);
        return poll();
      }
      case 'call':
        try {
          void settleLater(use.apply(args[0] as () => unknown, undefined, []));
        } catch (thrown) {
          fail(thrown);
        }
        return poll();
      case 'tick':
        try {
          timers.runDue();
        } catch (thrown) {
          fail(thrown);
        }
        return poll();
      case 'poll':
        return poll();
      case 'logs':
        return log.read();
    }
  };
}
