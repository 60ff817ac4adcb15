import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import type { ExecutionResult } from './execution-result.ts';

const LONG_MS = 20_000;
const MEMORY_MB = 32;
const LARGE = `${Array.from({ length: 500 }, (_, n) => `function f${n}(x) { return x + ${n}; }`).join('\n')}\nf1(41)`;
const NAME = 'large.js';

describe('Scripts that a tenant has run', () => {
  let runtime: TestRuntime;
  let script: CompiledScript;

  /** Whether the VM that the tenant has next holds the script. */
  const isHeldFor = async (tenantId: string): Promise<boolean> => {
    const isHeld = await runtime.pool.withVm(({ vm }) => Promise.resolve(vm.held(script.id, MEMORY_MB) !== undefined), {
      tenantId,
      deadline: new Deadline(LONG_MS),
    });
    // It may still have been making the realm that loading the script has taken.
    await comesToRest();
    return isHeld;
  };

  /** Alone: in the one VM that the tenant has. */
  const runLarge = async (): Promise<ExecutionResult> => {
    const result = await runtime.run(LARGE, { name: NAME });
    await comesToRest();
    return result;
  };

  const comesToRest = async (): Promise<void> => until(() => runtime.pool.stats().available === 3);

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 3, maxVms: 3, maxMemoryMb: MEMORY_MB });
    const context = { tenant: { id: 'acme' } };
    script = await runtime.tenancy.runAs(context, async () => runtime.compiler.compile(NAME, LARGE));
    await comesToRest();
  });

  afterEach(async () => {
    await runtime.close();
  });

  it('are in its VM again when the isolate was replaced', async () => {
    const { vmId } = await runLarge();
    await expect(runtime.errorOf('while (true) {}', { limits: { timeoutMs: 50 } })).resolves.toMatchObject({
      code: 'WALL_TIME_LIMIT_EXCEEDED',
    });
    await comesToRest();
    await expect(isHeldFor('acme')).resolves.toBe(true);
    await expect(runLarge()).resolves.toMatchObject({ value: 42, vmId });
  });

  it('are in another VM when its own has ended, and in nobody else’s', async () => {
    const { vmId } = await runLarge();
    await expect(
      runtime.errorOf('const all = []; while (true) all.push(new Array(1e5).fill(1.5))'),
    ).resolves.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
    await comesToRest();
    await expect(isHeldFor('acme')).resolves.toBe(true);
    await expect(isHeldFor('globex')).resolves.toBe(false);
    const next = await runLarge();
    expect(next.value).toBe(42);
    expect(next.vmId).not.toBe(vmId);
  });
});
