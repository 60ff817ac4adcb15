import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Waits for ever, and holds its VM. */
const HANG = 'new Promise(() => {})';

describe('ExecutionService', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  /** Resolves when this many executions have a VM. */
  const untilInUse = async (count: number): Promise<void> => until(() => runtime.pool.stats().inUse === count);
  /** Resolves when every VM of the pool is ready. */
  const untilComplete = async (): Promise<void> =>
    until(() => runtime.pool.vms().filter(({ healthy }) => healthy).length === 2);

  describe('execute', () => {
    it('needs a tenant', async () => {
      const error = await runtimeErrorOf(runtime.executions.execute('1'));
      expect(error).toMatchObject({ code: 'TENANT_CONTEXT_MISSING', executionId: expect.stringMatching(UUID) });
      const asked = await runtimeErrorOf(runtime.executions.execute('1', { executionId: 'nobody-s' }));
      expect(asked).toMatchObject({ code: 'TENANT_CONTEXT_MISSING', executionId: 'nobody-s' });
    });

    it('gives an execution the id that was asked for, or one of its own', async () => {
      await expect(runtime.run('1', { executionId: 'order-7' })).resolves.toMatchObject({ executionId: 'order-7' });
      const { executionId } = await runtime.run('1');
      expect(executionId).toMatch(UUID);
    });

    it.each(['', 'a b', 'x'.repeat(129), '../a'])('refuses the id %p', async (executionId) => {
      await expect(runtime.errorOf('1', { executionId })).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
    });

    it('refuses an id while it is in use, and takes it again afterwards', async () => {
      const options = { executionId: 'twice', limits: { timeoutMs: 5000 } };
      const first = runtime.run('new Promise((resolve) => setTimeout(resolve, 50, 1))', options);
      await expect(runtime.errorOf('1', options)).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(first).resolves.toMatchObject({ value: 1 });
      await expect(runtime.valueOf('2', options)).resolves.toBe(2);
    });

    it.each([
      'a.js',
      'ä 🎉',
      'x'.repeat(256),
      '../../etc/passwd',
      '"; drop',
      '<script>',
      'constructor',
      'for-node',
      'a:1',
    ])('takes the name %p, and shows it in stacks', async (name) => {
      const { details } = await runtime.errorOf('throw new Error("no")', { name });
      expect(details.error).toMatchObject({ stack: `Error: no\n    at ${name}:1:7`, line: 1, column: 7 });
    });

    it.each(['', 'x'.repeat(257), 'a\nb', 'a\0', '\u001b[31m', '\u009f'])('refuses the name %p', async (name) => {
      await expect(runtime.errorOf('1', { name })).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
    });

    it('refuses a context that is not JSON, as one that is missing', async () => {
      const cycle: { id: string; self?: unknown } = { id: 'acme' };
      cycle.self = cycle;
      const tenants: { id: string }[] = [cycle, Object.assign({ id: 'acme' }, { big: 1n })];
      for (const tenant of tenants) {
        const error = await runtimeErrorOf(runtime.runAs({ tenant }, '1', { executionId: 'no-json' }));
        expect(error).toMatchObject({ code: 'TENANT_CONTEXT_MISSING', executionId: 'no-json' });
      }
      expect(runtime.pool.stats()).toMatchObject({ inUse: 0 });
      await expect(runtime.valueOf('1')).resolves.toBe(1);
    });

    it.each(['', 'Script', 'constructor', null, 0, {}])('refuses the wrap %p', async (wrap) => {
      await expect(runtime.errorOf('1', { wrap: wrap as 'script' })).resolves.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('allowed are script, function, module'),
      });
    });

    it.each([undefined, null, 5, {}, ['1'], Buffer.from('1')])(
      'refuses the script %p, which is none',
      async (script) => {
        const error: unknown = await runtime.run(script as string).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: 'JsRuntimeError', code: 'INVALID_REQUEST' });
      },
    );

    it('refuses an input that is not JSON', async () => {
      for (const input of [1n, Symbol('s'), () => 1]) {
        await expect(runtime.errorOf('1', { input })).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
      }
    });

    it('lets many wait for few VMs, each getting what is its own', async () => {
      const runs = Array.from({ length: 30 }, async (_, input) => runtime.valueOf('input * 2', { input }));
      await expect(Promise.all(runs)).resolves.toEqual(Array.from({ length: 30 }, (_, input) => input * 2));
      expect(runtime.pool.stats()).toMatchObject({ inUse: 0, waiting: 0 });
    });
  });

  describe('cancelling', () => {
    it('ends a running execution, by its id', async () => {
      const running = runtime.errorOf(HANG, { executionId: 'by-id' });
      await untilInUse(1);
      expect(runtime.executions.cancel('by-id')).toBe(true);
      await expect(running).resolves.toMatchObject({ code: 'CANCELLED', executionId: 'by-id', logs: undefined });
      expect(runtime.executions.cancel('by-id')).toBe(false);
    });

    it('ends an execution of the tenant that asks, and leaves that of another with the same id alone', async () => {
      await untilComplete();
      const options = { executionId: 'shared' };
      const ofAcme = runtimeErrorOf(runtime.runAs('acme', HANG, options));
      const ofGlobex = runtimeErrorOf(runtime.runAs('globex', HANG, options));
      await untilInUse(2);
      const cancelAs = (id: string): boolean =>
        runtime.tenancy.runAs({ tenant: { id } }, () => runtime.executions.cancel('shared'));
      expect(cancelAs('initech')).toBe(false);
      expect(cancelAs('acme')).toBe(true);
      await expect(ofAcme).resolves.toMatchObject({ code: 'CANCELLED', executionId: 'shared' });
      expect(runtime.pool.stats()).toMatchObject({ inUse: 1 });
      expect(cancelAs('acme')).toBe(false);
      expect(cancelAs('globex')).toBe(true);
      await expect(ofGlobex).resolves.toMatchObject({ code: 'CANCELLED' });
    });

    it('ends the executions of all tenants with that id, when no tenant asks', async () => {
      await untilComplete();
      const executions = ['acme', 'globex'].map(async (tenant) =>
        runtimeErrorOf(runtime.runAs(tenant, HANG, { executionId: 'of-all' })),
      );
      await untilInUse(2);
      expect(runtime.executions.cancel('of-all')).toBe(true);
      for (const execution of executions) await expect(execution).resolves.toMatchObject({ code: 'CANCELLED' });
      expect(runtime.executions.cancel('of-all')).toBe(false);
    });

    it('ends a running execution, by the signal of its caller', async () => {
      const controller = new AbortController();
      const running = runtime.errorOf('for (;;);', { signal: controller.signal });
      await untilInUse(1);
      controller.abort();
      await expect(running).resolves.toMatchObject({ code: 'CANCELLED' });
    });

    it('ends one that waits, and leaves those alone that run', async () => {
      await untilComplete();
      const running = ['r1', 'r2'].map(async (executionId) => runtime.errorOf(HANG, { executionId }));
      await untilInUse(2);
      const waiting = runtime.errorOf('1', { executionId: 'w' });
      expect(runtime.pool.stats().waiting).toBe(1);
      runtime.executions.cancel('w');
      await expect(waiting).resolves.toMatchObject({ code: 'CANCELLED', executionId: 'w' });
      expect(runtime.pool.stats()).toMatchObject({ inUse: 2, waiting: 0 });
      for (const id of ['r1', 'r2']) runtime.executions.cancel(id);
      for (const execution of running) await expect(execution).resolves.toMatchObject({ code: 'CANCELLED' });
    });

    it('does not begin what was cancelled before, so no VM has to end for it', async () => {
      await untilComplete();
      const { destroyed } = runtime.pool.stats();
      await expect(runtime.errorOf('1', { signal: AbortSignal.abort() })).resolves.toMatchObject({ code: 'CANCELLED' });
      expect(runtime.pool.stats()).toMatchObject({ destroyed, inUse: 0 });
    });

    it('does nothing to an execution that is over', async () => {
      const controller = new AbortController();
      const { vmId } = await runtime.run('1', { signal: controller.signal, executionId: 'over' });
      controller.abort();
      expect(runtime.executions.cancel('over')).toBe(false);
      expect(runtime.pool.vms().find(({ id }) => id === vmId)).toMatchObject({ healthy: true });
    });

    it('knows no other id', () => {
      expect(runtime.executions.cancel('nobody')).toBe(false);
    });
  });

  describe('a VM that is killed from outside', () => {
    it('fails its execution with VM_CRASHED, tells nothing of how, and is replaced', async () => {
      await untilComplete();
      const running = runtime.errorOf(`${HANG} // killed`);
      await untilInUse(1);
      const leased = runtime.pool.vms().find(({ state }) => state === 'leased');
      process.kill(leased?.pid ?? 0, 'SIGKILL');
      const error = await running;
      expect(error).toMatchObject({ code: 'VM_CRASHED', details: {}, logs: undefined, usage: { compile: 'miss' } });
      expect(error.message).not.toMatch(/SIGKILL|\d{3}/);
      await untilComplete();
      expect(runtime.pool.vms().map(({ id }) => id)).not.toContain(leased?.id);
      await expect(runtime.valueOf('6 * 7')).resolves.toBe(42);
    });

    it('is replaced when it was idle, and nobody notices', async () => {
      await untilComplete();
      const { destroyed } = runtime.pool.stats();
      for (const { pid } of runtime.pool.vms()) process.kill(pid, 'SIGKILL');
      await until(() => runtime.pool.stats().destroyed >= destroyed + 2);
      await expect(runtime.valueOf('6 * 7')).resolves.toBe(42);
    });
  });

  describe('metrics', () => {
    it('count executions, errors and timeouts, from the start', async () => {
      const before = runtime.executions.metrics();
      await runtime.run('1');
      await runtime.errorOf('throw 1');
      await runtime.errorOf(HANG, { limits: { timeoutMs: 500 } });
      const after = runtime.executions.metrics();
      expect(after.executionsTotal - before.executionsTotal).toBe(3);
      expect(after.executionErrors - before.executionErrors).toBe(2);
      expect(after.timeoutsTotal - before.timeoutsTotal).toBe(1);
    });

    it('count what the cache found', async () => {
      const before = runtime.executions.metrics().compilationCache;
      for (let turn = 0; turn < 3; turn++) await runtime.run('/* counted */ 1');
      const after = runtime.executions.metrics().compilationCache;
      expect({ hits: after.hits - before.hits, misses: after.misses - before.misses }).toEqual({ hits: 2, misses: 1 });
      expect(after.entries - before.entries).toBe(1);
    });

    it('have the state of the pool', () => {
      expect(runtime.executions.metrics().pool).toEqual(runtime.pool.stats());
    });
  });
});

describe('ExecutionService, when the application stops', () => {
  it('lets end what runs, sends away what waits, and ends every process', async () => {
    const runtime = await startRuntime({ poolSize: 1, maxVms: 1 });
    const pids = runtime.pool.vms().map(({ pid }) => pid);
    const controller = new AbortController();
    const running = runtime.run('new Promise((resolve) => setTimeout(resolve, 200, 1))');
    const waiting = runtime.errorOf('1', { signal: controller.signal });
    await until(() => runtime.pool.stats().waiting === 1);
    const closed = runtime.close();
    await expect(waiting).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(runtime.errorOf('1')).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(running).resolves.toMatchObject({ value: 1 });
    await closed;
    for (const pid of pids) expect(isThere(pid)).toBe(false);
  });

  it('ends what still runs after drainTimeoutMs with SHUTTING_DOWN', async () => {
    const runtime = await startRuntime({ poolSize: 1, drainTimeoutMs: 50 });
    const pids = runtime.pool.vms().map(({ pid }) => pid);
    const running = runtime.errorOf(HANG);
    await until(() => runtime.pool.stats().inUse === 1);
    await runtime.close();
    await expect(running).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
    for (const pid of pids) expect(isThere(pid)).toBe(false);
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
