import { Injectable } from '@nestjs/common';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import {
  MODULE_RESOLVER,
  type ModuleRequest,
  type ModuleResolver,
  type ModuleSource,
} from '../../compiler/module-resolver.ts';
import type { ExecuteOptions } from '../execute-options.ts';

/** Modules that the test changes while scripts run. */
@Injectable()
class DeployedModules implements ModuleResolver {
  static isAsync = false;
  readonly sources = new Map<string, string>();
  asked = 0;
  failsWith: Error | undefined;
  held: Promise<void> | undefined;
  signal: AbortSignal | undefined;

  deploy(name: string, source: string): void {
    this.sources.set(name, source);
  }

  resolve({ specifier, signal }: ModuleRequest): ModuleSource | undefined | Promise<ModuleSource | undefined> {
    this.asked++;
    this.signal = signal;
    if (this.failsWith) throw this.failsWith;
    return DeployedModules.isAsync ? this.#later(specifier) : this.#find(specifier);
  }

  async #later(specifier: string): Promise<ModuleSource | undefined> {
    // As it was when it was asked.
    const found = this.#find(specifier);
    await this.held;
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  }

  #find(specifier: string): ModuleSource | undefined {
    const name = specifier.replace(/^.*#/, '');
    const source = this.sources.get(name);
    return source === undefined ? undefined : { name, source };
  }
}

const rate = (value: number | string): string => `export const rate = ${value};`;
const MAIN = 'import { rate } from "rate.js"; let calls = 0; export default () => [rate, ++calls];';

describe.each([
  ['at once', false],
  ['later', true],
])('What a warm realm imports, where the resolver answers %s', (_, isAsync) => {
  let runtime: TestRuntime;
  let modules: DeployedModules;

  const start = async (options: JsRuntimeOptions = {}): Promise<void> => {
    DeployedModules.isAsync = isAsync;
    runtime = await startRuntime(
      { poolSize: 1, maxVms: 1, tenantQueueSize: 1000, ...options },
      { moduleResolver: DeployedModules },
    );
    modules = runtime.get<DeployedModules>(MODULE_RESOLVER);
    modules.deploy('rate.js', rate(1));
  };
  afterEach(async () => {
    await runtime.close();
  });

  const warm: ExecuteOptions = { realm: 'warm', wrap: 'module' };
  const call = async (source = MAIN, options: ExecuteOptions = {}): Promise<unknown> =>
    (await runtime.run(source, { ...warm, ...options })).value;

  it('stays while it is the same, and is replaced by what is deployed, also deep below', async () => {
    await start();
    modules.deploy('tax.js', 'export { rate } from "rate.js";');
    const deep = MAIN.replace('rate.js', 'tax.js');
    for (const source of [MAIN, deep]) {
      modules.deploy('rate.js', rate(1));
      for (let n = 1; n <= 3; n++) await expect(call(source)).resolves.toEqual([1, n]);
      modules.deploy('rate.js', rate(2));
      for (let n = 1; n <= 3; n++) await expect(call(source)).resolves.toEqual([2, n]);
    }
    expect(runtime.pool.stats().warm.evictions.imports).toBe(2);
  });

  it('is what was deployed last before the call, under load, and no call fails', async () => {
    await start({ poolSize: 2, maxVms: 2 });
    let deployed = 1;
    let isOver = false;
    const seen = new Set<number>();
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const least = deployed;
        const [found] = (await call()) as [number];
        seen.add(found);
        expect(found).toBeGreaterThanOrEqual(least);
        expect(found).toBeLessThanOrEqual(deployed);
      }
    };
    const callers = Promise.all(Array.from({ length: 16 }, caller));
    while (deployed < 15) {
      const { hits } = runtime.pool.stats().warm;
      await until(() => runtime.pool.stats().warm.hits > hits + 30);
      modules.deploy('rate.js', rate(++deployed));
    }
    isOver = true;
    await callers;
    expect(seen.size).toBeGreaterThan(10);
  });

  it('that is gone is missing, as in a fresh realm, and there again when it is', async () => {
    await start();
    await call();
    modules.sources.clear();
    const error = await runtime.errorOf(MAIN, warm);
    expect(error).toMatchObject({ code: 'COMPILATION_FAILED' });
    expect(error.message).toBe((await runtime.errorOf(MAIN, { wrap: 'module' })).message);
    modules.deploy('rate.js', rate(3));
    await expect(call()).resolves.toEqual([3, 1]);
  });

  it('fails with what the resolver fails with, and stays for when it does not', async () => {
    await start();
    await call();
    modules.failsWith = new Error('no database');
    await expect(call()).rejects.toBe(modules.failsWith);
    modules.failsWith = undefined;
    await expect(call()).resolves.toEqual([1, 2]);
  });

  it('of another tenant is another', async () => {
    await start();
    const ofTenant = async (tenant: string): Promise<unknown> => (await runtime.runAs(tenant, MAIN, warm)).value;
    await expect(ofTenant('acme')).resolves.toEqual([1, 1]);
    modules.deploy('rate.js', rate(2));
    await expect(ofTenant('globex')).resolves.toEqual([2, 1]);
    await expect(ofTenant('acme')).resolves.toEqual([2, 1]);
  });

  it('that fails when it is evaluated does so until it is replaced', async () => {
    await start();
    modules.deploy('rate.js', 'throw new Error("broken"); export const rate = 0;');
    for (let n = 0; n < 2; n++) await expect(runtimeErrorOf(call())).resolves.toMatchObject({ code: 'SCRIPT_ERROR' });
    modules.deploy('rate.js', rate(2));
    await expect(call()).resolves.toEqual([2, 1]);
  });

  it('is linked anew each time where there are more imports than are worth keeping', async () => {
    await start();
    const imports = Array.from({ length: 60 }, (__, n) => `import "${'x'.repeat(300)}${n}#rate.js";`);
    const source = `${imports.join('')} ${MAIN}`;
    for (let n = 1; n <= 3; n++) await expect(call(source)).resolves.toEqual([1, 1]);
    modules.deploy('rate.js', rate(2));
    await expect(call(source)).resolves.toEqual([2, 1]);
  });
});

describe('A resolver that takes its time', () => {
  let runtime: TestRuntime;
  let modules: DeployedModules;

  beforeEach(async () => {
    DeployedModules.isAsync = true;
    runtime = await startRuntime({ poolSize: 1, maxVms: 1 }, { moduleResolver: DeployedModules });
    modules = runtime.get<DeployedModules>(MODULE_RESOLVER);
    modules.deploy('rate.js', rate(1));
    await call();
  });
  afterEach(async () => {
    await runtime.close();
  });

  const call = async (options: ExecuteOptions = {}): Promise<unknown> =>
    (await runtime.run(MAIN, { realm: 'warm', wrap: 'module', ...options })).value;

  it('is asked once for those that come while it is, after it has answered', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    modules.held = promise;
    modules.asked = 0;
    const first = call();
    await until(() => modules.asked === 1);
    modules.deploy('rate.js', rate(2));
    const others = Array.from({ length: 20 }, async () => call());
    await until(() => runtime.executions.metrics().executionsTotal === 22);
    expect(modules.asked).toBe(1);
    modules.held = undefined;
    resolve(undefined);
    await first;
    for (const [found] of (await Promise.all(others)) as [number][]) expect(found).toBe(2);
    // Once for the others, once to link anew, and once more for those that came meanwhile, if any did.
    expect(modules.asked).toBeLessThanOrEqual(4);
  });

  it('is not waited for by who is late, or cancelled, nor told to go on for nobody', async () => {
    modules.held = new Promise(() => undefined);
    const controller = new AbortController();
    modules.asked = 0;
    const late = runtimeErrorOf(call({ limits: { timeoutMs: 50 } }));
    await until(() => modules.asked === 1);
    const signal = modules.signal as unknown as AbortSignal;
    const cancelled = runtimeErrorOf(call({ signal: controller.signal }));
    await expect(late).resolves.toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED' });
    expect(signal.aborted).toBe(true);
    await until(() => modules.asked === 2);
    controller.abort();
    await expect(cancelled).resolves.toMatchObject({ code: 'CANCELLED' });
    modules.held = undefined;
    await expect(call()).resolves.toEqual([1, 2]);
  });
});
