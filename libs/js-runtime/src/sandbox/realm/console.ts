import type { LogLevel } from '../../protocol/messages.ts';
import type { Primordials } from './primordials.ts';

export interface RealmLog {
  /** Begins an empty log, and opens its budget. Both are counted here, before anything is copied out; `maxChars` in UTF-16 code units. */
  open(maxEntries: number, maxChars: number): void;
  /** JSON of `{ entries: { level, message }[], cut }`; `cut` tells whether anything was dropped. Empty when nothing was logged. */
  read(): string;
  /** Sets the first of these to 1 when there is something to read; also what is logged by microtasks, after all that an entry says. */
  noteIn(note: Int32Array): void;
}

/** Defines `console`: captured, bounded, and kept as text that no later tenant code can reach. */
export function installConsole(use: Primordials): RealmLog {
  let entriesLeft = 0;
  let charsLeft = 0;
  let entries = '';
  let cut = false;
  let note: Int32Array | undefined;

  const format = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (typeof value === 'function') return '[Function]';
    if (typeof value !== 'object' || value === null) return use.toText(value);
    try {
      if (use.isError(value)) {
        const { stack } = value as Error;
        if (typeof stack === 'string') return stack;
      }
      const text = use.stringify(value);
      if (text !== undefined) return text;
    } catch {
      // Cycles and hostile getters: the line says that something was there.
    }
    return '[Object]';
  };
  const append = (level: LogLevel, message: string): void => {
    // In one step at the end: near the end of the stack, anything before it may throw.
    const entry = use.stringify({ __proto__: null, level, message }) ?? '';
    entries = entries === '' ? entry : `${entries},${entry}`;
    if (note) note[0] = 1;
  };
  const write = (level: LogLevel, args: unknown[]): void => {
    if (cut) return;
    let message = '';
    for (let index = 0; index < args.length; index++) {
      message += (index === 0 ? '' : ' ') + format(args[index]);
    }
    if (entriesLeft > 0 && message.length <= charsLeft) {
      entriesLeft--;
      charsLeft -= message.length;
      append(level, message);
      return;
    }
    if (entriesLeft > 0 && charsLeft > 0) append(level, use.apply(use.stringSlice, message, [0, charsLeft]));
    cut = true;
    if (note) note[0] = 1;
  };

  const console: Record<LogLevel, (...args: unknown[]) => void> = {
    log: (...args) => {
      write('log', args);
    },
    info: (...args) => {
      write('info', args);
    },
    warn: (...args) => {
      write('warn', args);
    },
    error: (...args) => {
      write('error', args);
    },
    debug: (...args) => {
      write('debug', args);
    },
  };
  use.defineProperty(globalThis, 'console', {
    value: use.freeze(console),
    writable: true,
    configurable: true,
    enumerable: false,
  });

  return {
    open(maxEntries, maxChars) {
      entriesLeft = maxEntries;
      charsLeft = maxChars;
      entries = '';
      cut = false;
    },
    noteIn(noted) {
      note = noted;
    },
    read: () => (entries === '' && !cut ? '' : `{"entries":[${entries}],"cut":${cut ? 'true' : 'false'}}`),
  };
}
