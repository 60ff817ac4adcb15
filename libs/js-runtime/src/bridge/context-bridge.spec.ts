import { Injectable, type Type } from '@nestjs/common';
import { runtimeErrorOf, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { Json } from '../tenancy/tenant-context.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import { ContributesContext, type ContextContributor, type ContextRequest } from './context-contributor.ts';

@ContributesContext('plan')
@Injectable()
class PlanContributor implements ContextContributor {
  readonly asked: ContextRequest[] = [];

  constructor(private readonly tenancy: TenancyService) {}

  contribute(request: ContextRequest): Json {
    this.asked.push(request);
    return { name: 'gold', of: this.tenancy.current().tenant.id };
  }
}

@ContributesContext('flags')
class FlagsContributor implements ContextContributor {
  async contribute(): Promise<Json> {
    await Promise.resolve();
    return ['new-ui', { __proto__: null, deep: { list: [1] } }] as never;
  }
}

@ContributesContext('nothing')
class NothingContributor implements ContextContributor {
  contribute(): undefined {
    return undefined;
  }
}

function contributor(key: string, contribute: ContextContributor['contribute']): Type {
  @ContributesContext(key)
  class SomeContributor implements ContextContributor {
    contribute = contribute;
  }
  return SomeContributor;
}

describe('context', () => {
  let runtime: TestRuntime;

  afterEach(async () => runtime.close());

  it('has what providers contribute, each under its own key, and nothing can be changed in it', async () => {
    runtime = await startRuntime({}, {}, [PlanContributor, FlagsContributor, NothingContributor]);
    const script = `'use strict';
      const refused = [];
      const attempts = [
        () => { context.plan.name = 'free' }, () => { context.plan = 1 }, () => { context.flags.push(1) },
        () => { context.flags[1].deep.list[0] = 2 }, () => { delete context.plan }, () => { context.extra = 1 },
        () => { globalThis.context = {} }, () => { Object.defineProperty(globalThis, 'context', { value: 1 }) },
        () => { Object.setPrototypeOf(context, { evil: 1 }) },
      ];
      for (const attempt of attempts) try { attempt(); } catch { refused.push(true); }
      return [context, refused.length, context.constructor === Object, context.flags instanceof Array];`;
    const tenant = { tenant: { id: 'acme' }, user: { id: 'u1', roles: ['admin'] } };
    const { value, executionId } = await runtime.runAs(tenant, script, { wrap: 'function' });
    const context = {
      ...tenant,
      executionId,
      deadlineMs: expect.any(Number) as number,
      plan: { name: 'gold', of: 'acme' },
      flags: ['new-ui', { deep: { list: [1] } }],
    };
    expect(value).toEqual([context, 9, true, true]);
    expect(runtime.get(PlanContributor).asked).toMatchObject([{ context: tenant, executionId }]);
  });

  it('has what a provider contributes that is made by a factory, or stands in for another', async () => {
    const Plan = contributor('plan', () => 'real');
    const Flags = contributor('flags', () => 'real');
    runtime = await startRuntime({}, {}, [
      { provide: Symbol('plan'), useFactory: () => new Plan() as object },
      { provide: Flags, useValue: { contribute: () => 'fake' } },
    ]);
    expect(await runtime.valueOf('[context.plan, context.flags]')).toEqual(['real', 'fake']);
  });

  it.each<[problem: string, contribute: ContextContributor['contribute']]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no database'))],
    ['gives what is not JSON', () => 1n as never],
  ])('is not made, and nothing runs, when one %s', async (_, contribute) => {
    runtime = await startRuntime({}, {}, [contributor('plan', contribute)]);
    const error = await runtime.errorOf('1');
    expect(error).toMatchObject({ code: 'TENANT_CONTEXT_MISSING', message: 'What makes context.plan has failed' });
  });

  it('is waited for until the deadline', async () => {
    runtime = await startRuntime({}, {}, [contributor('plan', async () => new Promise(() => undefined))]);
    const error = await runtime.errorOf('1', { limits: { timeoutMs: 50 } });
    expect(error.code).toBe('WALL_TIME_LIMIT_EXCEEDED');
  });

  it('is waited for until the execution is cancelled, which providers are told', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    runtime = await startRuntime({}, {}, [
      contributor('plan', async ({ signal }) => {
        asked.resolve(signal);
        return new Promise(() => undefined);
      }),
    ]);
    const execution = runtimeErrorOf(runtime.run('1', { executionId: 'mine' }));
    const signal = await asked.promise;
    runtime.executions.cancel('mine');
    expect((await execution).code).toBe('CANCELLED');
    expect(signal.aborted).toBe(true);
  });
});

describe('@ContributesContext', () => {
  it.each([
    ['the runtime itself sets', ['tenant'], /@ContributesContext\('tenant'\) of SomeContributor: the runtime sets/],
    ['another has', ['plan', 'plan'], /another provider contributes this/],
  ])('does not let the application start with a key that %s', async (_, keys, message) => {
    const providers = keys.map((key) => contributor(key, () => 1));
    await expect(startRuntime({}, {}, providers)).rejects.toThrow(message);
  });
});
