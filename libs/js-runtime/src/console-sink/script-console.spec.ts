import { Injectable, Logger } from '@nestjs/common';
import { PatientVmFactory, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { TenantUsageService } from '../security/tenant-usage.service.ts';
import { CONSOLE_SINK, type ConsoleRecord, type ConsoleSink } from './console-sink.ts';

const { jest } = import.meta;

@Injectable()
class KeepingSink implements ConsoleSink {
  readonly records: ConsoleRecord[] = [];

  // As other providers, it can inject what is global.
  constructor(readonly usage: TenantUsageService) {}

  logged(record: ConsoleRecord): void {
    this.records.push(record);
  }
}

describe('The console sink', () => {
  let runtime: TestRuntime;
  let sink: KeepingSink;

  beforeEach(async () => {
    runtime = await startRuntime({}, { consoleSink: KeepingSink, vmFactory: PatientVmFactory });
    sink = runtime.get<KeepingSink>(CONSOLE_SINK);
  });

  afterEach(async () => runtime.close());

  it('is told what a script has logged: where, for whom, and all of it in order', async () => {
    const context = { tenant: { id: 'acme' }, request: { id: 'r1' } };
    const script = 'console.log("one", 1); console.error("two"); 3';
    const { logs } = await runtime.runAs(context, script, { name: 'a.js', executionId: 'e1' });
    expect(logs).toHaveLength(2);
    expect(sink.records).toEqual([
      { executionId: 'e1', tenantId: 'acme', requestId: 'r1', scriptName: 'a.js', entries: logs },
    ]);
  });

  it('is told of executions that fail after they have logged something', async () => {
    const { logs } = await runtime.errorOf('console.warn("so far"); throw 1', { name: 'b.js' });
    await runtime.errorOf('console.warn("in time"); for (;;);', { limits: { timeoutMs: 1000 } });
    expect(sink.records.map(({ scriptName, entries }) => [scriptName, entries])).toEqual([
      ['b.js', logs],
      ['script.js', [{ level: 'warn', message: 'in time' }]],
    ]);
  });

  it('is not told of executions that logged nothing', async () => {
    await runtime.run('1');
    await runtime.errorOf('throw 1');
    await runtime.errorOf('(');
    expect(sink.records).toEqual([]);
  });
});

describe('A console sink that fails', () => {
  let runtime: TestRuntime | undefined;

  afterEach(async () => runtime?.close());

  it.each<[how: string, fail: () => void | Promise<void>]>([
    [
      'at once',
      () => {
        throw new Error('full');
      },
    ],
    ['later', async () => Promise.reject(new Error('full'))],
    ['by never answering', async () => new Promise(() => undefined)],
    ['by answering with no promise', () => 'done' as never],
    [
      'with what has no text',
      () => {
        throw Object.create(null);
      },
    ],
  ])('%s hurts no execution', async (_, fail) => {
    class FailingSink implements ConsoleSink {
      logged = fail;
    }
    runtime = await startRuntime({}, { consoleSink: FailingSink });
    const { value } = await runtime.run('console.log("a"); 42');
    const { code } = await runtime.errorOf('console.log("a"); throw 1');
    expect([value, code]).toEqual([42, 'SCRIPT_ERROR']);
  });

  it('is itself in the log', async () => {
    class FailingSink implements ConsoleSink {
      logged(): void {
        throw new Error('The disk is full');
      }
    }
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    runtime = await startRuntime({}, { consoleSink: FailingSink });
    await runtime.run('console.log("a")');
    expect(error).toHaveBeenCalledWith('The console sink failed', expect.stringContaining('The disk is full'));
    error.mockRestore();
  });
});
