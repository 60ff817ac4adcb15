import type { Logger } from 'pino';
import type { ConsoleRecord } from 'nestjs-js-runtime';
import type { LogConfig } from '../config/log.config.ts';
import { LineLimiter } from './line-limiter.ts';

/** Of one line, and of a script's name: tenants choose both. */
const MAX_LINE_CHARS = 4096;
const MAX_NAME_CHARS = 256;

const LEVELS = { log: 'info', info: 'info', warn: 'warn', error: 'error', debug: 'debug' } as const;

/** What scripts write to their console, as lines of the channel `script`: so many, so long, and no less severe than wanted. */
export class ScriptLog {
  readonly #logger: Logger;
  readonly #limiter: LineLimiter;

  constructor(root: Logger, { scriptLevel, scriptLinesPerSecond }: LogConfig) {
    this.#logger = root.child({ channel: 'script' }, { level: scriptLevel });
    this.#limiter = new LineLimiter(scriptLinesPerSecond, (tenantId, dropped) => {
      const message = 'Lines of scripts were dropped: there were more than SCRIPT_LOGS_PER_SECOND allows';
      // To be seen with every level that has lines to drop.
      this.#logger[scriptLevel === 'error' ? 'error' : 'warn']({ tenantId, dropped }, message);
    });
  }

  write({ executionId, tenantId, requestId, scriptName, entries }: ConsoleRecord): void {
    const fields = { tenantId, requestId, executionId, script: cut(scriptName, MAX_NAME_CHARS) };
    for (const { level, message } of entries) {
      const as = LEVELS[level];
      if (!this.#logger.isLevelEnabled(as) || !this.#limiter.admit(tenantId)) continue;
      this.#logger[as](fields, cut(message, MAX_LINE_CHARS));
    }
  }

  close(): void {
    this.#limiter.close();
  }
}

function cut(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
}
