import { registerAs } from '@nestjs/config';
import { z } from 'zod';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const LOG_FORMATS = ['json', 'pretty'] as const;
/** Levels that `console` has, and none. */
const SCRIPT_LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'silent'] as const;

/** The part of the backend's environment that is about logs. */
export const logEnvironment = {
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe(
      'the least severe lines that are written; from info on, one for each request and each execution; from debug on, health checks and scrapes too',
    ),
  LOG_FORMAT: z
    .enum(LOG_FORMATS)
    .optional()
    .describe(
      'JSON, an object in each line, or text for people. If left out: json, but pretty in development on a terminal',
    ),
  SCRIPT_LOG_LEVEL: z
    .enum(SCRIPT_LOG_LEVELS)
    .default('silent')
    .describe(
      "the least severe calls of scripts' console that are written to the log, as lines of the channel script; silent writes none: callers get them with the result anyway",
    ),
  SCRIPT_LOGS_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe(
      "lines of scripts' console that one tenant may have written to the log, five seconds' worth at once; all tenants together ten times as many. What is more is dropped, and counted in a line every 10 s",
    ),
};

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
  readonly scriptLevel: (typeof SCRIPT_LOG_LEVELS)[number];
  /** Of one tenant. */
  readonly scriptLinesPerSecond: number;
}

/** The `log` namespace of @nestjs/config. */
export const logConfig = registerAs('log', () => readLogConfig(process.env, process.stdout.isTTY));

/**
 * Never throws: there has to be a log before anything can be said about the configuration. A value that breaks its rule counts
 * as left out here; it is `backendConfig` that stops the start.
 */
export function readLogConfig(env: NodeJS.ProcessEnv, isTerminal: boolean): LogConfig {
  const { LOG_LEVEL, LOG_FORMAT, SCRIPT_LOG_LEVEL, SCRIPT_LOGS_PER_SECOND } = logEnvironment;
  const isForPeople = isTerminal && env.NODE_ENV !== 'production';
  return {
    level: LOG_LEVEL.catch('info').parse(env.LOG_LEVEL),
    format: LOG_FORMAT.catch(undefined).parse(env.LOG_FORMAT) ?? (isForPeople ? 'pretty' : 'json'),
    scriptLevel: SCRIPT_LOG_LEVEL.catch('silent').parse(env.SCRIPT_LOG_LEVEL),
    scriptLinesPerSecond: SCRIPT_LOGS_PER_SECOND.catch(20).parse(env.SCRIPT_LOGS_PER_SECOND),
  };
}
