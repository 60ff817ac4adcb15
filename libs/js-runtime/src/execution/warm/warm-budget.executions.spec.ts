import { startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';

describe('The budget of warm realms', () => {
  let runtime: TestRuntime;

  const start = async (options: JsRuntimeOptions): Promise<void> => {
    runtime = await startRuntime({ poolSize: 2, maxVms: 2, ...options });
  };
  afterEach(async () => {
    await runtime.close();
  });

  /** How often the module has been called in its realm. */
  const callsOf = async (tenant: string, name: string): Promise<unknown> => {
    const source = `/* ${name} */ let calls = 0; export default () => ++calls;`;
    return (await runtime.runAs(tenant, source, { realm: 'warm', wrap: 'module' })).value;
  };
  const warm = (): ReturnType<TestRuntime['pool']['stats']>['warm'] => runtime.pool.stats().warm;

  it('is of all VMs, and says what was let go', async () => {
    await start({ warmMaxRealms: 2 });
    const inTurn = async (tenant: string, name: string): Promise<unknown> => {
      // A tenant whose VM is idle gets no other.
      await until(() => runtime.pool.stats().available === 2);
      return callsOf(tenant, name);
    };
    for (const name of ['a', 'b']) await expect(inTurn('acme', name)).resolves.toBe(1);
    await expect(inTurn('globex', 'c')).resolves.toBe(1);
    // Of another tenant, in another VM: the one that was used longest ago has gone.
    await expect(inTurn('acme', 'b')).resolves.toBe(2);
    await expect(inTurn('acme', 'a')).resolves.toBe(1);
    await expect(inTurn('acme', 'b')).resolves.toBe(3);
    expect(warm()).toMatchObject({ kept: 2, losses: 0, evictions: { pool: 2, tenant: 0, vm: 0 } });
  });

  it("is not one tenant's: one with many functions has those of no other let go", async () => {
    await start({ warmMaxRealms: 6, warmMaxRealmsPerTenant: 4, warmRealmsPerVm: 100, tenantConcurrency: 1 });
    await callsOf('globex', 'kept');
    for (let n = 0; n < 20; n++) await callsOf('acme', String(n));
    await expect(callsOf('globex', 'kept')).resolves.toBe(2);
    expect(warm()).toMatchObject({ kept: 5, evictions: { pool: 0, tenant: 16 } });
  });

  it('sees what they take, also when they take it later', async () => {
    await start({ warmMaxMemoryMb: 20, poolSize: 1, maxVms: 1 });
    const source = `
      const kept = [];
      export default async () => {
        kept.push(new Array(400_000).fill(kept.length));
        // Long enough to be looked at.
        await new Promise((resolve) => { setTimeout(resolve, 25); });
        return kept.length;
      };`;
    const call = async (): Promise<unknown> => (await runtime.run(source, { realm: 'warm', wrap: 'module' })).value;
    await expect(call()).resolves.toBe(1);
    await expect(call()).resolves.toBe(2);
    expect(warm()).toMatchObject({ kept: 1, bytes: expect.any(Number) });
    expect(warm().bytes).toBeGreaterThanOrEqual(128 * 1024);
    while (warm().evictions.memory === 0) await call();
    expect(warm()).toMatchObject({ kept: 0, bytes: 0 });
    await expect(call()).resolves.toBe(1);
  });

  it('lets go of what nobody uses, without being asked', async () => {
    await start({ warmIdleMs: 50 });
    await callsOf('acme', 'a');
    await until(() => warm().kept === 0);
    expect(warm()).toMatchObject({ bytes: 0, evictions: { idle: 1 } });
    await expect(callsOf('acme', 'a')).resolves.toBe(1);
  });

  it('is not spent on a function that leaves no realm as it was: that is run in fresh ones', async () => {
    await start({ poolSize: 1, maxVms: 1 });
    const body = 'RegExp.prototype.left ??= 0; return [input, ++RegExp.prototype.left];';
    const call = async (input: number): Promise<unknown> =>
      (await runtime.run(body, { realm: 'warm', wrap: 'function', input })).value;
    for (let n = 0; n < 20; n++) await expect(call(n)).resolves.toEqual([n, 1]);
    // Three were found broken, and four made.
    expect(warm()).toMatchObject({ misses: 4, fresh: 16 });
    const other = `${body} // another source`;
    await runtime.run(other, { realm: 'warm', wrap: 'function', input: 0 });
    expect(warm()).toMatchObject({ misses: 5, fresh: 16 });
  });

  it('is for a function that breaks its realm now and then', async () => {
    await start({ poolSize: 1, maxVms: 1 });
    const body = 'if (input % 3 === 0) RegExp.prototype.left = 1; return [input, RegExp.prototype.left ?? 0];';
    for (let n = 0; n < 30; n++) {
      const { value } = await runtime.run(body, { realm: 'warm', wrap: 'function', input: n });
      expect(value).toEqual([n, n % 3 === 0 ? 1 : 0]);
    }
    expect(warm()).toMatchObject({ fresh: 0 });
    expect(warm().misses).toBeGreaterThan(9);
  });

  it('of no more than what one takes makes each invocation a first one, and fails none', async () => {
    await start({ warmMaxMemoryMb: 1, warmRealmsPerVm: 1, warmMaxRealms: 1 });
    const names = Array.from({ length: 20 }, (_, n) => String(n % 4));
    await Promise.all(names.map(async (name) => callsOf(`tenant-${name}`, name)));
    expect(warm().kept).toBeLessThanOrEqual(1);
  });
});
