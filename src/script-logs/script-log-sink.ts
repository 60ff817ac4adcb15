import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConsoleRecord, ConsoleSink } from 'nestjs-js-runtime';
import { ScriptLog } from './script-log.ts';

/** Has what scripts write to their console in the log of the backend, as far as that is wanted. */
@Injectable()
export class ScriptLogSink implements ConsoleSink, OnApplicationShutdown {
  constructor(private readonly log: ScriptLog) {}

  logged(record: ConsoleRecord): void {
    this.log.write(record);
  }

  /** By then every execution has ended. */
  onApplicationShutdown(): void {
    this.log.close();
  }
}
