import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { ScriptApiError } from '../host-api/script-api-error.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { TenantUsageService } from '../security/tenant-usage.service.ts';
import { AUDIT_SINK, type AuditSink, type DeniedCallRecord, type ExecutionRecord } from './audit-sink.ts';

@Injectable()
class KeepingSink implements AuditSink {
  readonly executions: ExecutionRecord[] = [];
  readonly deniedCalls: DeniedCallRecord[] = [];

  // As other providers, it can inject what is global.
  constructor(readonly usage: TenantUsageService) {}

  executed(record: ExecutionRecord): void {
    this.executions.push(record);
  }

  denied(record: DeniedCallRecord): void {
    this.deniedCalls.push(record);
  }
}

const FUNCTION = { wrap: 'function' } as const;
const CONTEXT = { tenant: { id: 'acme' }, user: { id: 'u1' }, request: { id: 'r1' } };

describe('The audit sink', () => {
  let runtime: TestRuntime;
  let sink: KeepingSink;

  beforeEach(async () => {
    runtime = await startRuntime({ permissions: ['echo:*'], auditEnabled: true }, { auditSink: KeepingSink }, [
      EchoApi,
    ]);
    sink = runtime.get<KeepingSink>(AUDIT_SINK);
  });

  afterEach(async () => runtime.close());

  it('is told of an execution: who, what, how it ended and what it used', async () => {
    const { usage } = await runtime.runAs(CONTEXT, 'return 42', { ...FUNCTION, name: 'a.js', executionId: 'e1' });
    const { sourceHash } = await runtime.tenancy.runAs(CONTEXT, async () =>
      runtime.compiler.compile('a.js', 'return 42', { wrap: 'function' }),
    );
    expect(sink.executions).toEqual([
      {
        executionId: 'e1',
        tenantId: 'acme',
        userId: 'u1',
        requestId: 'r1',
        script: { name: 'a.js', sourceHash },
        outcome: 'OK',
        usage,
        deniedCalls: 0,
      },
    ]);
  });

  it('is told of executions that fail, also of those that never ran', async () => {
    await runtime.errorOf('throw 1');
    await runtime.errorOf('(');
    await runtime.errorOf('1', { limits: { maxSourceBytes: 1 }, input: 1, name: '' });
    await runtime.errorOf('12', { limits: { maxSourceBytes: 1 } });
    expect(sink.executions.map(({ outcome, script }) => [outcome, script?.name])).toEqual([
      ['SCRIPT_ERROR', 'script.js'],
      ['COMPILATION_FAILED', 'script.js'],
      ['INVALID_REQUEST', undefined],
      ['SCRIPT_TOO_LARGE', undefined],
    ]);
  });

  it('is told of denied calls, of a few one by one and of all by their number', async () => {
    const script = `
      await echo.say(1);
      for (let n = 0; n < 12; n++) await echo.secret().catch(() => 0);
      await echo.secret();`;
    const { executionId } = await runtime.errorOf(script, FUNCTION);
    expect(sink.deniedCalls).toHaveLength(10);
    expect(sink.deniedCalls[0]).toMatchObject({
      executionId,
      tenantId: 'acme',
      api: 'echo.secret',
      code: 'PERMISSION_DENIED',
    });
    expect(sink.executions).toMatchObject([{ outcome: 'PERMISSION_DENIED', deniedCalls: 13 }]);
  });

  it('is told of what an API denies by itself, and not of mistakes', async () => {
    await runtime.tenancy.runAs(CONTEXT, async () =>
      runtime.executions.executeWithSetup(
        'for (const call of [files.open, files.find, files.half]) await call("x").catch(() => 0)',
        (scope) => {
          scope.expose('files.open', () => {
            throw new ScriptApiError('FILE_OF_ANOTHER', 'Not yours', undefined, { isDenial: true });
          });
          scope.expose('files.find', () => {
            throw new ScriptApiError('NOT_FOUND', 'No such file');
          });
          scope.expose('files.half', (n) => n, { input: z.number() });
        },
        FUNCTION,
      ),
    );
    expect(sink.deniedCalls).toMatchObject([{ api: 'files.open', code: 'FILE_OF_ANOTHER' }]);
    expect(sink.executions).toMatchObject([{ outcome: 'OK', deniedCalls: 1 }]);
  });
});

describe('An audit sink that fails', () => {
  it.each<[how: string, fail: () => void | Promise<void>]>([
    [
      'at once',
      () => {
        throw new Error('full');
      },
    ],
    ['later', async () => Promise.reject(new Error('full'))],
    [
      'at once, with what has no text',
      () => {
        throw Object.create(null);
      },
    ],
    ['later, with what has no text', async () => Promise.reject(Object.create(null) as Error)],
  ])('%s hurts no execution', async (_, fail) => {
    class FailingSink implements AuditSink {
      executed = fail;
      denied = fail;
    }
    const runtime = await startRuntime({ auditEnabled: true }, { auditSink: FailingSink }, [EchoApi]);
    const value = await runtime.valueOf('return await echo.say().catch(({ code }) => code)', FUNCTION);
    await runtime.close();
    expect(value).toBe('PERMISSION_DENIED');
  });
});
