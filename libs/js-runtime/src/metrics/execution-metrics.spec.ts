import { EchoApi, HeldApi } from '../../test-support/sample-apis.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { ScriptApiError } from '../host-api/script-api-error.ts';
import type { ExecutionStats } from './execution-metrics.ts';

const FUNCTION = { wrap: 'function' } as const;

describe('Execution metrics', () => {
  let runtime: TestRuntime;

  async function start(metricsEnabled = true): Promise<void> {
    runtime = await startRuntime({ permissions: ['echo:say', 'held:*'], metricsEnabled }, {}, [EchoApi, HeldApi]);
  }

  function stats(): ExecutionStats {
    return runtime.executions.metrics().executions;
  }

  const outcomesOf = (api: string): object | undefined => stats().apiCalls.find((one) => one.api === api)?.outcomes;

  afterEach(async () => runtime.close());

  it('count executions by what they came to, also those that never ran', async () => {
    await start();
    await runtime.run('1');
    await runtime.run('2');
    await runtime.errorOf('throw 1');
    await runtime.errorOf('(');
    await runtime.errorOf('for (;;);', { limits: { timeoutMs: 50 } });
    await runtime.errorOf('1', { limits: { timeoutMs: -1 } });
    await expect(runtime.executions.execute('1')).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
    await expect(
      runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
        runtime.executions.executeWithSetup('1', () => Promise.reject(new Error('mine'))),
      ),
    ).rejects.toThrow('mine');
    expect(stats().outcomes).toEqual({
      OK: 2,
      SCRIPT_ERROR: 1,
      COMPILATION_FAILED: 1,
      WALL_TIME_LIMIT_EXCEEDED: 1,
      INVALID_REQUEST: 1,
      TENANT_CONTEXT_MISSING: 1,
      INTERNAL_ERROR: 1,
    });
  });

  it('have what receipts have, and each compilation', async () => {
    await start();
    const receipts = [await runtime.run('1'), await runtime.run('1'), await runtime.run('2')].map(({ usage }) => usage);
    const sum = (name: 'wallMs' | 'queueMs' | 'cpuMs'): number =>
      receipts.reduce((total, usage) => total + usage[name], 0);
    const { wall, queueWait, cpu, compileCpu } = stats();
    expect(wall).toMatchObject({ count: 3, sumMs: sum('wallMs') });
    expect(queueWait).toMatchObject({ count: 3, sumMs: sum('queueMs') });
    expect(cpu).toMatchObject({ count: 3, sumMs: sum('cpuMs') });
    expect(compileCpu.count).toBe(2);
    expect(compileCpu.sumMs).toBeGreaterThan(0);
    expect(compileCpu.sumMs).toBeLessThanOrEqual(cpu.sumMs);
  });

  it('count calls by API and what they came to', async () => {
    await start();
    await runtime.run('await echo.say(1); await echo.say(2); await echo.secret().catch(() => 0);', FUNCTION);
    expect(outcomesOf('echo.say')).toEqual({ OK: 2 });
    expect(outcomesOf('echo.secret')).toEqual({ PERMISSION_DENIED: 1 });
    expect(stats().apiCalls.find(({ api }) => api === 'echo.say')?.duration.count).toBe(2);
  });

  it('have one name for all that is exposed to single executions', async () => {
    await start();
    for (const name of ['a', 'b']) {
      await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
        runtime.executions.executeWithSetup(
          `await ${name}.good(); await ${name}.bad().catch(() => 0)`,
          (scope) => {
            scope.expose(`${name}.good`, () => 1);
            scope.expose(`${name}.bad`, () => {
              throw new ScriptApiError('MINE', 'mine');
            });
          },
          FUNCTION,
        ),
      );
    }
    expect(stats().apiCalls.map(({ api }) => api)).toEqual(['(setup)']);
    expect(outcomesOf('(setup)')).toEqual({ OK: 2, API_ERROR: 2 });
  });

  it('count calls that their execution did not wait for', async () => {
    await start();
    const held = runtime.get(HeldApi);
    const execution = runtime.errorOf('await held.obedient(1)', { ...FUNCTION, executionId: 'e' });
    const { signal } = await held.made();
    const aborted = new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    runtime.tenancy.runAs({ tenant: { id: 'acme' } }, () => runtime.executions.cancel('e'));
    await Promise.all([execution, aborted]);
    await new Promise(setImmediate);
    expect(outcomesOf('held.obedient')).toEqual({ CANCELLED: 1 });
  });

  it('are nothing when they are not wanted', async () => {
    await start(false);
    await runtime.run('await echo.say(1)', FUNCTION);
    await runtime.errorOf('throw 1');
    const { outcomes, wall, compileCpu, apiCalls } = stats();
    expect({ outcomes, apiCalls, counts: [wall.count, compileCpu.count] }).toEqual({
      outcomes: {},
      apiCalls: [],
      counts: [0, 0],
    });
    expect(runtime.executions.metrics()).toMatchObject({ executionsTotal: 2, executionErrors: 1 });
  });
});
