import { pino, stdTimeFunctions, type Logger } from 'pino';
import { readLogConfig, type LogConfig } from '../config/log.config.ts';
import { logContext } from './log-context.ts';
import { LogOutput } from './log-output.ts';
import { textLine } from './text-line.ts';

let root: Logger | undefined;

/** What all lines of the process are written through. Standard output is one, so it is; and there before Nest is. */
export function rootLogger(): Logger {
  root ??= createLogger(readLogConfig(process.env, process.stdout.isTTY), process.stdout);
  return root;
}

export function createLogger({ level, format }: Pick<LogConfig, 'level' | 'format'>, stream: LogStream): Logger {
  const output = new LogOutput(stream, format === 'pretty' ? textLine : undefined);
  return pino(
    {
      level,
      // Process id and host are what a collector adds itself.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: logContext,
    },
    output,
  );
}

type LogStream = ConstructorParameters<typeof LogOutput>[0];
