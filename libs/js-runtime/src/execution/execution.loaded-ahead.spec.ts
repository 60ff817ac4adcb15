import { PatientVmFactory, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledScript } from '../compiler/compiled-script.ts';
import type { ExecutionResult } from './execution-result.ts';

const LONG_MS = 20_000;
const MEMORY_MB = 32;
const POOL_SIZE = 4;
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

  const comesToRest = async (): Promise<void> => until(() => runtime.pool.stats().available === POOL_SIZE);

  beforeEach(async () => {
    const options = { poolSize: POOL_SIZE, maxVms: POOL_SIZE, maxMemoryMb: MEMORY_MB };
    runtime = await startRuntime(options, { vmFactory: PatientVmFactory });
    const context = { tenant: { id: 'acme' } };
    script = await runtime.tenancy.runAs(context, async () => runtime.compiler.compile(NAME, LARGE));
    await comesToRest();
  });

  afterEach(async () => {
    await runtime.close();
  });

  it('are in its VM again when the isolate was replaced', async () => {
    const { vmId } = await runLarge();
    await expect(runtime.errorOf('while (true) {}', { limits: { timeoutMs: 1000 } })).resolves.toMatchObject({
      code: 'WALL_TIME_LIMIT_EXCEEDED',
    });
    await comesToRest();
    await expect(isHeldFor('acme')).resolves.toBe(true);
    await expect(runLarge()).resolves.toMatchObject({ value: 42, vmId });
  });

  it('cost no other VM than that in which they were run, if they do not fit into it', async () => {
    // It takes 10 MB as soon as it is loaded.
    const tooLarge = `${'(()=>1);'.repeat(23_000)}/*\u0100${'x'.repeat(860_000)}*/42`;
    await expect(runtime.run(tooLarge)).resolves.toMatchObject({ value: 42 });
    await comesToRest();
    const before = runtime.pool.stats().destroyed;
    await expect(runtime.errorOf(tooLarge, { limits: { maxMemoryMb: 8 } })).resolves.toMatchObject({
      code: 'MEMORY_LIMIT_EXCEEDED',
    });
    await comesToRest();
    expect(runtime.pool.stats().destroyed - before).toBe(1);
    await expect(runtime.valueOf('1', { limits: { maxMemoryMb: 8 } })).resolves.toBe(1);
    await comesToRest();
    expect(runtime.pool.stats().destroyed - before).toBe(1);
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
