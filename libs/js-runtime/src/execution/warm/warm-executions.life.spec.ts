import { Injectable, Scope, type Provider } from '@nestjs/common';
import { HeldApi } from '../../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import { ContributesContext, type ContextContributor, type ContextRequest } from '../../bridge/context-contributor.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import type { Json } from '../../tenancy/tenant-context.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import type { ExecutionResult } from '../execution-result.ts';

@ContributesContext('plan')
@Injectable()
class PlanContributor implements ContextContributor {
  asked = 0;
  held: Promise<void> | undefined;

  async contribute({ executionId, signal }: ContextRequest): Promise<Json> {
    this.asked++;
    await this.held;
    return { of: executionId, isCancelled: signal.aborted };
  }
}

@Injectable({ scope: Scope.REQUEST })
@ContributesContext('instance')
class InstanceContributor implements ContextContributor {
  static made = 0;
  readonly #number = ++InstanceContributor.made;

  contribute(): Json {
    return this.#number;
  }
}

describe('A warm realm', () => {
  let runtime: TestRuntime;

  const start = async (options: JsRuntimeOptions = {}, providers: Provider[] = []): Promise<void> => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, permissions: ['*'], ...options }, {}, providers);
  };
  afterEach(async () => {
    await runtime.close();
  });

  const warm = async (body: string, options: ExecuteOptions = {}): Promise<ExecutionResult> =>
    runtime.run(body, { realm: 'warm', wrap: 'function', ...options });
  const valueOf = async (body: string, options: ExecuteOptions = {}): Promise<unknown> =>
    (await warm(body, options)).value;
  const errorOf = async (body: string, options: ExecuteOptions = {}): ReturnType<TestRuntime['errorOf']> =>
    runtime.errorOf(body, { realm: 'warm', wrap: 'function', ...options });

  it('has in each context what providers contribute to that one, who are asked once', async () => {
    await start({}, [PlanContributor, InstanceContributor]);
    for (let n = 1; n <= 3; n++) {
      const executionId = `run-${n}`;
      await expect(valueOf('return [context.plan, context.instance]', { executionId })).resolves.toEqual([
        { of: executionId, isCancelled: false },
        n,
      ]);
      expect(runtime.get(PlanContributor).asked).toBe(n);
    }
  });

  it('is not waited for by whoever is cancelled while providers contribute, or late', async () => {
    await start({}, [PlanContributor]);
    await valueOf('return 1');
    runtime.get(PlanContributor).held = new Promise(() => undefined);
    const controller = new AbortController();
    const cancelled = errorOf('return 1', { signal: controller.signal });
    await until(() => runtime.get(PlanContributor).asked === 2);
    controller.abort();
    await expect(cancelled).resolves.toMatchObject({ code: 'CANCELLED' });
    await expect(errorOf('return 1', { limits: { timeoutMs: 50 } })).resolves.toMatchObject({
      code: 'WALL_TIME_LIMIT_EXCEEDED',
    });
  });

  it('is not asked for where the tenant context is not JSON', async () => {
    await start();
    const context = { tenant: { id: 'acme', plan: 1n } } as never;
    for (let n = 0; n < 2; n++) {
      const run = runtime.runAs(context, 'return 1', { realm: 'warm', wrap: 'function' });
      await expect(runtimeErrorOf(run)).resolves.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
      await expect(valueOf('return 1')).resolves.toBe(1);
    }
  });

  it('that is let go of serves the invocation to its end that runs in it', async () => {
    await start({}, [HeldApi]);
    const source = 'export default async (input) => [input, await held.obedient(input)];';
    await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
      const prepared = await runtime.executions.prepare(source, { wrap: 'module' });
      const first = prepared.invoke(0);
      (await runtime.get(HeldApi).made(0)).answer.resolve('a');
      await expect(first).resolves.toMatchObject({ value: [0, 'a'] });
      const running = runtime.run(source, { realm: 'warm', wrap: 'module', input: 1 });
      const { answer } = await runtime.get(HeldApi).made(1);
      await Promise.all([prepared.dispose(), prepared.dispose()]);
      answer.resolve('b');
      await expect(running).resolves.toMatchObject({ value: [1, 'b'] });
    });
  });

  it('lets a prepared function be disposed of twice while it runs', async () => {
    await start({}, [HeldApi]);
    await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
      const prepared = await runtime.executions.prepare('return held.obedient(1)', { wrap: 'function' });
      const running = prepared.invoke();
      const { answer } = await runtime.get(HeldApi).made();
      const disposed = [prepared.dispose(), prepared.dispose()];
      answer.resolve('done');
      await expect(running).resolves.toMatchObject({ value: 'done' });
      await Promise.all(disposed);
    });
  });

  it('begins nothing any more when the backend is told to end, and ends what runs', async () => {
    await start({}, [HeldApi]);
    const body = 'return input === 0 ? held.obedient(0) : input;';
    const running = valueOf(body, { input: 0 });
    const { answer } = await runtime.get(HeldApi).made();
    const waiting = errorOf(body, { input: 1 });
    await until(() => runtime.executions.metrics().executionsTotal === 2);
    const drained = runtime.pool.drain();
    const stats = runtime.pool.stats();
    await expect(errorOf(body, { input: 2 })).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(runtime.pool.stats()).toMatchObject({ requested: stats.requested + 1 });
    answer.resolve('done');
    await expect(running).resolves.toBe('done');
    await expect(waiting).resolves.toMatchObject({ code: 'SHUTTING_DOWN' });
    await drained;
  });

  it('has its answer out before the next is begun, however large it is', async () => {
    await start({ tenantQueueSize: 1000 });
    const body = `
      if (input === 'hang') for (;;);
      return input === 'large' ? 'x'.repeat(1_000_000) : input;`;
    for (let n = 0; n < 300; n++) await valueOf(body, { input: n });
    const large = valueOf(body, { input: 'large', limits: { timeoutMs: 5000 } });
    const hanging = errorOf(body, { input: 'hang', limits: { timeoutMs: 20_000, maxCpuMs: 100 } });
    const behind = valueOf(body, { input: 'behind' });
    await expect(large).resolves.toHaveLength(1_000_000);
    await expect(hanging).resolves.toMatchObject({ code: 'CPU_TIME_LIMIT_EXCEEDED' });
    await expect(behind).resolves.toBe('behind');
  });
});
