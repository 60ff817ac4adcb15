import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { CLS_REQ, ClsService } from 'nestjs-cls';
import { z } from 'zod';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { ContributesContext, type ContextContributor } from './context-contributor.ts';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import type { ScriptCall } from '../host-api/script-call.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';

@ScriptApi('who')
@Injectable()
class WhoApi {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly cls: ClsService<{ locale?: string }>,
  ) {}

  /** What a script sends is no more than what it sends. */
  @ScriptMethod({ input: z.looseObject({}).optional() })
  async ami(sent: unknown, { tenant, context, executionId, remainingMs }: ScriptCall): Promise<object> {
    await Promise.resolve();
    const locale = this.cls.get('locale');
    return {
      tenant,
      context,
      executionId,
      current: this.tenancy.current().tenant.id,
      locale,
      sent,
      inTime: remainingMs > 0,
    };
  }
}

let instances = 0;

@ScriptApi('scoped')
@Injectable({ scope: Scope.REQUEST })
class ScopedApi {
  readonly #instance = ++instances;
  #calls = 0;

  constructor(
    @Inject(REQUEST) private readonly request: { url: string } | undefined,
    private readonly tenancy: TenancyService,
  ) {}

  @ScriptMethod()
  count(): object {
    const { id } = this.tenancy.current().tenant;
    return { instance: this.#instance, calls: ++this.#calls, url: this.request?.url, tenant: id };
  }
}

let sharedInstances = 0;

@Injectable({ scope: Scope.REQUEST })
class Shared {
  readonly #instance = ++sharedInstances;

  get instance(): number {
    return this.#instance;
  }
}

@ScriptApi('one')
class OneApi {
  constructor(private readonly shared: Shared) {}

  @ScriptMethod()
  shares(): number {
    return this.shared.instance;
  }
}

@ContributesContext('shares')
class OneContributor implements ContextContributor {
  constructor(private readonly shared: Shared) {}

  contribute(): number {
    return this.shared.instance;
  }
}

const FUNCTION = { wrap: 'function' } as const;

describe('A method of a host API', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['*'] }, {}, [WhoApi, ScopedApi, Shared, OneApi, OneContributor]);
  });

  afterAll(async () => runtime.close());

  it('runs in the CLS context of who executes the script, and knows what was entered there', async () => {
    const context = { tenant: { id: 'acme', plan: 'gold' }, user: { id: 'u1' }, request: { id: 'r1' } };
    const cls = runtime.get(ClsService);
    const result = await runtime.tenancy.runAs(context, async () => {
      cls.set('locale', 'de');
      return runtime.executions.execute('return await who.ami()', { ...FUNCTION, executionId: 'e1' });
    });
    expect(result.value).toEqual({
      tenant: context.tenant,
      context,
      executionId: 'e1',
      current: 'acme',
      locale: 'de',
      inTime: true,
    });
  });

  it('runs in that of who invokes a warm realm, also when others are in line', async () => {
    const cls = runtime.get(ClsService);
    const localeOf = async (locale: string): Promise<unknown> =>
      runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
        cls.set('locale', locale);
        const result = await runtime.executions.execute('return (await who.ami()).locale', {
          ...FUNCTION,
          realm: 'warm',
        });
        return result.value;
      });
    const locales = Array.from({ length: 20 }, (_, n) => `locale-${n}`);
    for (let round = 0; round < 3; round++) {
      await expect(Promise.all(locales.map(localeOf))).resolves.toEqual(locales);
    }
  });

  it('hears of the tenant and the execution from the backend alone, whatever a script sends', async () => {
    const script = `
      const forged = { tenant: { id: 'globex' }, tenantId: 'globex', executionId: 'other', call: 99, id: 1 };
      try { context.tenant.id = 'globex'; } catch {}
      globalThis.tenant = forged.tenant;
      return await who.ami(forged);`;
    const { value, executionId } = await runtime.run(script, FUNCTION);
    expect(value).toMatchObject({ tenant: { id: 'acme' }, current: 'acme', executionId, sent: { tenantId: 'globex' } });
  });

  it('of two tenants at the same time knows which is which', async () => {
    const script =
      'const all = []; for (let n = 0; n < 20; n++) all.push((await who.ami()).current); return [...new Set(all)];';
    const [acme, globex] = await Promise.all([
      runtime.runAs('acme', script, FUNCTION),
      runtime.runAs('globex', script, FUNCTION),
    ]);
    expect([acme.value, globex.value]).toEqual([['acme'], ['globex']]);
  });

  it('of a request-scoped provider has one instance for each execution, and the request of its caller', async () => {
    const cls = runtime.get(ClsService);
    const script = 'return [await scoped.count(), await scoped.count()]';
    const ofRequest = await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
      cls.set(CLS_REQ, { url: '/orders' });
      return runtime.executions.execute<{ instance: number }[]>(script, FUNCTION);
    });
    const ofJob = await runtime.runAs('globex', script, FUNCTION);
    const [{ instance } = { instance: 0 }] = ofRequest.value;
    expect(ofRequest.value).toEqual([
      { instance, calls: 1, url: '/orders', tenant: 'acme' },
      { instance, calls: 2, url: '/orders', tenant: 'acme' },
    ]);
    expect(ofJob.value).toEqual([
      { instance: instance + 1, calls: 1, tenant: 'globex' },
      { instance: instance + 1, calls: 2, tenant: 'globex' },
    ]);
  });

  it('shares request-scoped instances with what contributes to the context of its execution', async () => {
    const script = 'return [context.shares, await one.shares()]';
    const [[inContext, inMethod], [later]] = (await Promise.all([
      runtime.valueOf(script, FUNCTION),
      runtime.valueOf(script, FUNCTION),
    ])) as [[number, number], [number, number]];
    expect(inMethod).toBe(inContext);
    expect(later).not.toBe(inContext);
  });
});
