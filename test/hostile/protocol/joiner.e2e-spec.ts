import { startRuntime, until, type TestRuntime } from '../../../libs/js-runtime/test-support/start-runtime.ts';
import type { FakeAction } from '../../../libs/js-runtime/test-support/fake-vm.ts';
import { HostileVmFactory } from './hostile-vm-factory.ts';

const compiled = (outcome: object): FakeAction => ({ answer: { type: 'compiled', outcome, cpuMs: 1 } });

describe('Of two executions that want the same new script, the second does not fail because of the VM of the first, which', () => {
  let runtime: TestRuntime;

  beforeEach(async () => {
    HostileVmFactory.plan = undefined;
    runtime = await startRuntime({ poolSize: 1, maxVms: 2, overflowAfterMs: 1 }, { vmFactory: HostileVmFactory });
  });

  afterEach(async () => {
    await runtime.close();
  });

  it.each<[string, readonly FakeAction[], string]>([
    ['never answers', [], 'WALL_TIME_LIMIT_EXCEEDED'],
    ['loops', [{ useCpuMs: 20_000 }], 'WALL_TIME_LIMIT_EXCEEDED'],
    ['sends half a frame', [{ raw: [0, 0, 4, 0, 0] }], 'WALL_TIME_LIMIT_EXCEEDED'],
    ['dies', [{ pauseMs: 300 }, { exitWith: 1 }], 'VM_CRASHED'],
    ['sends garbage', [{ pauseMs: 300 }, { raw: [255, 255, 255, 255] }], 'VM_CRASHED'],
    ['does not hold it', [{ pauseMs: 300 }, compiled({ kind: 'not-held' })], 'VM_CRASHED'],
    ['has no memory', [{ pauseMs: 300 }, compiled({ kind: 'out-of-memory' })], 'MEMORY_LIMIT_EXCEEDED'],
  ])('%s', async (_, onCompile, code) => {
    await takeVm(onCompile);
    const limits = { timeoutMs: 12_000 };
    const first = runtime.run('6 * 7', { limits }).catch((error: unknown) => error);
    await until(() => runtime.pool.stats().inUse === 1);
    // Both have the same time, and what the second has is over soon after the first's.
    await expect(runtime.run('6 * 7', { limits })).resolves.toMatchObject({ value: 42 });
    await expect(first).resolves.toMatchObject({ code });
  });

  it('is given up', async () => {
    await takeVm([]);
    const first = runtime.run('6 * 7', { executionId: 'first' }).catch((error: unknown) => error);
    await until(() => runtime.pool.stats().inUse === 1);
    const second = runtime.run('6 * 7');
    await until(() => runtime.pool.stats().inUse === 2);
    runtime.executions.cancel('first');
    await expect(first).resolves.toMatchObject({ code: 'CANCELLED' });
    await expect(second).resolves.toMatchObject({ value: 42 });
  });

  /** Has a hostile VM take the place of the one that is there. */
  async function takeVm(onCompile: readonly FakeAction[]): Promise<void> {
    HostileVmFactory.plan = { atStart: [{ send: { type: 'ready' } }], onRequests: [onCompile] };
    for (const vm of runtime.pool.vms()) process.kill(vm.pid, 'SIGKILL');
    await until(() => HostileVmFactory.plan === undefined && runtime.pool.stats().available === 1);
  }
});
