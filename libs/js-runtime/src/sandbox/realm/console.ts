import type { LogLevel } from '../../protocol/messages.ts';
import type { Primordials } from './primordials.ts';

export interface RealmLog {
  /** Opens the budget. Both are counted here, before anything is copied out; `maxChars` in UTF-16 code units. */
  open(maxEntries: number, maxChars: number): void;
  /** JSON array of `{ level, message }`. */
  read(): string;
}

/** Defines `console`: captured, bounded, and kept as text that no later tenant code can reach. */
export function installConsole(use: Primordials): RealmLog {
  let entriesLeft = 0;
  let charsLeft = 0;
  let entries = '';

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
    if (entries !== '') entries += ',';
    entries += use.stringify({ __proto__: null, level, message }) ?? '';
  };
  const write = (level: LogLevel, args: unknown[]): void => {
    if (entriesLeft <= 0) return;
    let message = '';
    for (let index = 0; index < args.length; index++) {
      message += (index === 0 ? '' : ' ') + format(args[index]);
    }
    entriesLeft--;
    if (entriesLeft > 0 && message.length <= charsLeft) {
      charsLeft -= message.length;
      append(level, message);
      return;
    }
    if (entriesLeft > 0) append(level, use.apply(use.stringSlice, message, [0, charsLeft]));
    entriesLeft = 0;
    append('warn', '[log limit reached: further output was dropped]');
  };

  const console: Partial<Record<LogLevel, (...args: unknown[]) => void>> = {};
  const levels: LogLevel[] = ['log', 'info', 'warn', 'error', 'debug'];
  for (const level of levels) {
    console[level] = (...args: unknown[]): void => {
      write(level, args);
    };
  }
  use.defineProperty(globalThis, 'console', {
    value: use.freeze(console),
    writable: true,
    configurable: true,
    enumerable: false,
  });

  return {
    open(maxEntries, maxChars) {
      entriesLeft = maxEntries + 1;
      charsLeft = maxChars;
    },
    read: () => `[${entries}]`,
  };
}
