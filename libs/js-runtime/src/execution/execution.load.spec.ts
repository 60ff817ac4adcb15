import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { LOAD_METERS, type LoadMeters } from '../load/load-meters.ts';
import { LoadMonitor } from '../load/load-monitor.ts';

const { jest } = import.meta;

describe('Executions while the load is critical', () => {
  let runtime: TestRuntime;
  let usedBytes: number;

  beforeEach(async () => {
    runtime = await startRuntime({ loadEnabled: true, loadRecoveryMs: 1 });
    usedBytes = 0;
    jest
      .spyOn(runtime.get<LoadMeters>(LOAD_METERS), 'memory')
      .mockImplementation(() => ({ usedBytes, limitBytes: 100, limitedBy: 'option' }));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await runtime.close();
  });

  function look(percent: number): void {
    usedBytes = percent;
    runtime.get(LoadMonitor).look();
  }

  it('are refused before anything is done for them, and so are compilations', async () => {
    look(99);
    const describeScript = jest.spyOn(runtime.compiler, 'describe');
    await expect(runtime.errorOf('1')).resolves.toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
      usage: { cpuMs: 0, compile: 'none' },
    });
    const compiled = runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.compiler.compile('a.js', '1'),
    );
    await expect(runtimeErrorOf(compiled)).resolves.toMatchObject({ code: 'OVERLOADED' });
    expect(describeScript).not.toHaveBeenCalled();
    const { requested, refused, waits } = runtime.pool.stats();
    expect({ requested, refused, leases: waits.count }).toEqual({
      requested: 2,
      refused: { OVERLOADED: 2 },
      leases: 0,
    });
  });

  it('that run come to their end, and it is over by itself', async () => {
    const running = runtime.run('new Promise((resolve) => setTimeout(resolve, 100, "done"))');
    await until(() => runtime.pool.stats().inUse === 1);
    look(99);
    await expect(runtime.errorOf('1')).resolves.toMatchObject({ code: 'OVERLOADED' });
    await expect(running).resolves.toMatchObject({ value: 'done' });
    await until(() => {
      look(0);
      return runtime.get(LoadMonitor).level === 'normal';
    });
    await expect(runtime.valueOf('1')).resolves.toBe(1);
    await until(() => runtime.pool.stats().available === 2);
  });

  it('are told that the runtime shuts down, once it does', async () => {
    look(99);
    await runtime.pool.drain();
    await expect(runtime.errorOf('1')).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe('Executions of a tenant of which no more may wait', () => {
  let runtime: TestRuntime;
  let tenantQueueSize: number;

  beforeEach(async () => {
    tenantQueueSize = 0;
    runtime = await startRuntime({ tenants: () => ({ tenantConcurrency: 1, tenantQueueSize }) });
  });

  afterEach(async () => {
    await runtime.close();
  });

  it('are refused before anything is done for them, and so are compilations', async () => {
    const running = runtime.run('new Promise((resolve) => setTimeout(resolve, 200, "done"))');
    await until(() => runtime.pool.stats().inUse === 1);
    const describeScript = jest.spyOn(runtime.compiler, 'describe');
    await expect(runtime.errorOf('1')).resolves.toMatchObject({
      code: 'TENANT_BUSY',
      retryable: true,
      usage: { cpuMs: 0, compile: 'none' },
    });
    const compiled = runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.compiler.compile('a.js', '1'),
    );
    await expect(runtimeErrorOf(compiled)).resolves.toMatchObject({ code: 'TENANT_BUSY' });
    expect(describeScript).not.toHaveBeenCalled();
    const { requested, refused, waits } = runtime.pool.stats();
    expect({ requested, refused, leases: waits.count }).toEqual({
      requested: 3,
      refused: { TENANT_BUSY: 2 },
      leases: 1,
    });
    await expect(runtime.runAs('globex', '1')).resolves.toMatchObject({ value: 1 });
    await expect(running).resolves.toMatchObject({ value: 'done' });
    await expect(runtime.valueOf('1')).resolves.toBe(1);
  });

  it('are told first that they were called off, if they were', async () => {
    const running = runtime.run('new Promise((resolve) => setTimeout(resolve, 200, "done"))');
    await until(() => runtime.pool.stats().inUse === 1);
    await expect(runtime.errorOf('1', { signal: AbortSignal.abort() })).resolves.toMatchObject({ code: 'CANCELLED' });
    await expect(running).resolves.toMatchObject({ value: 'done' });
  });

  it('wait as soon as the tenant may have more that do', async () => {
    const running = runtime.run('new Promise((resolve) => setTimeout(resolve, 200, "done"))');
    await until(() => runtime.pool.stats().inUse === 1);
    await expect(runtime.errorOf('1')).resolves.toMatchObject({ code: 'TENANT_BUSY' });
    tenantQueueSize = 1;
    const waiting = runtime.run('1');
    await expect(runtime.errorOf('1')).resolves.toMatchObject({ code: 'TENANT_BUSY' });
    await expect(running).resolves.toMatchObject({ value: 'done' });
    await expect(waiting).resolves.toMatchObject({ value: 1 });
  });
});
