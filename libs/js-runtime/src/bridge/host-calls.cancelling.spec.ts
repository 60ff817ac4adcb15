import { HeldApi } from '../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

const FUNCTION = { wrap: 'function' } as const;

describe('A call of a host API whose execution ends', () => {
  let runtime: TestRuntime;
  let held: HeldApi;

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, permissions: ['*'] }, {}, [HeldApi]);
    held = runtime.get(HeldApi);
  });

  afterEach(async () => runtime.close());

  const abortOf = async ({ signal }: { readonly signal: AbortSignal }): Promise<unknown> =>
    new Promise((resolve) => {
      const onAbort = (): void => {
        resolve((signal.reason as Error).name);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });

  it.each([
    ['with a result', 'held.stubborn(); await null; await new Promise((r) => setTimeout(r, 1)); return 1', undefined],
    [
      'with an error',
      'held.stubborn(); await new Promise((r) => setTimeout(r, 1)); throw new Error("mine")',
      'SCRIPT_ERROR',
    ],
    ['by its deadline', 'await held.stubborn()', 'WALL_TIME_LIMIT_EXCEEDED'],
    ['in an endless loop', 'setTimeout(() => { for (;;); }, 1); await held.stubborn()', 'WALL_TIME_LIMIT_EXCEEDED'],
    [
      'out of memory',
      'setTimeout(() => { const a = []; for (;;) a.push(new Array(1e5).fill(1)); }, 1); await held.stubborn()',
      'MEMORY_LIMIT_EXCEEDED',
    ],
  ])('%s is told by its signal', async (_, script, code) => {
    const limits = { timeoutMs: code === 'WALL_TIME_LIMIT_EXCEEDED' ? 2000 : 20_000, maxMemoryMb: 16 };
    const execution = runtime.run(script, { ...FUNCTION, limits });
    const end = code === undefined ? execution : runtimeErrorOf(execution);
    const call = await held.made();
    expect(await abortOf(call)).toBe('AbortError');
    expect(await end).toMatchObject(code === undefined ? { value: 1 } : { code });
  });

  it('because it was cancelled is told by its signal, and rolls back', async () => {
    const execution = runtimeErrorOf(runtime.run('await held.obedient()', { ...FUNCTION, executionId: 'mine' }));
    const call = await held.made();
    expect(call.call.executionId).toBe('mine');
    expect(runtime.executions.cancel('mine')).toBe(true);
    expect(await abortOf(call)).toBe('AbortError');
    expect(await execution).toMatchObject({ code: 'CANCELLED' });
    expect(call.hasRolledBack).toBe(true);
  });

  it('because its VM has died is told by its signal', async () => {
    const execution = runtimeErrorOf(runtime.run('await held.stubborn()', FUNCTION));
    const call = await held.made();
    const [vm] = runtime.pool.vms();
    process.kill(vm?.pid ?? 0, 'SIGKILL');
    expect(await abortOf(call)).toBe('AbortError');
    expect((await execution).code).toBe('VM_CRASHED');
  });

  it('cannot deliver into a later execution of the same VM', async () => {
    const first = runtime.run('held.stubborn("first"); await new Promise((r) => setTimeout(r, 1)); return 1', FUNCTION);
    const late = await held.made();
    const { vmId } = await first;
    const second = runtime.run('return await held.stubborn("second")', FUNCTION);
    const current = await held.made(1);
    // Both were the first call of their execution.
    late.answer.resolve('of the first');
    await late.answer.promise;
    current.answer.resolve('of the second');
    expect(await second).toMatchObject({ value: 'of the second', vmId });
  });

  it('is not begun when its execution has ended while it was checked', async () => {
    const permission = Promise.withResolvers<boolean>();
    const asked = Promise.withResolvers<null>();
    class SlowPolicy {
      async isPermitted(): Promise<boolean> {
        asked.resolve(null);
        return permission.promise;
      }
    }
    const slow = await startRuntime({ poolSize: 1 }, { permissionPolicy: SlowPolicy }, [HeldApi]);
    const execution = runtimeErrorOf(slow.run('await held.stubborn()', { ...FUNCTION, executionId: 'mine' }));
    await asked.promise;
    slow.executions.cancel('mine');
    await execution;
    permission.resolve(true);
    await permission.promise;
    await slow.close();
    expect(slow.get(HeldApi).calls).toEqual([]);
  });

  it('has a signal that has fired, for who asks for it only then', async () => {
    const execution = runtime.run('await held.slow().catch(() => 0); return 1', FUNCTION);
    const { call } = await held.made();
    await execution;
    expect(call.signal.aborted).toBe(true);
  });
});

describe('A method with timeoutMs', () => {
  let runtime: TestRuntime;
  let held: HeldApi;

  beforeEach(async () => {
    runtime = await startRuntime({ permissions: ['*'] }, {}, [HeldApi]);
    held = runtime.get(HeldApi);
  });

  afterEach(async () => runtime.close());

  it('that takes longer is an error that a script can catch, and is told', async () => {
    const script = 'try { await held.slow(); } catch ({ code, message }) { return [code, message]; }';
    const result = runtime.valueOf(script, FUNCTION);
    const { signal, call } = await held.made();
    expect(call.remainingMs).toBeLessThanOrEqual(20);
    expect(await result).toEqual(['API_CALL_TIMED_OUT', 'held.slow took longer than 20 ms']);
    expect(signal.aborted).toBe(true);
  });

  it('keeps its code when nobody catches it', async () => {
    expect((await runtime.errorOf('await held.slow()', FUNCTION)).code).toBe('API_CALL_TIMED_OUT');
  });

  it('may answer before', async () => {
    const result = runtime.valueOf('return await held.patient()', FUNCTION);
    const { answer } = await held.made();
    answer.resolve('in time');
    expect(await result).toBe('in time');
  });
});
