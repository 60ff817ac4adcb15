import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { ScriptApiError } from './script-api-error.ts';
import { ScriptApi } from './script-api.decorator.ts';
import type { ScriptCall } from './script-call.ts';
import { ScriptMethod } from './script-method.decorator.ts';

@ScriptApi('orders')
@Injectable()
class OrdersApi {
  @ScriptMethod({ description: 'Open orders', input: z.strictObject({ status: z.enum(['open', 'closed']) }) })
  list({ status }: { status: string }, call: ScriptCall): object {
    return [{ id: 1, status, tenant: call.tenant.id }];
  }

  @ScriptMethod({ input: z.tuple([z.number().meta({ title: 'a' }), z.number().optional()]) })
  add([a, b = 10]: [number, (number | undefined)?]): number {
    return a + b;
  }

  @ScriptMethod()
  nothing(): void {
    return;
  }

  @ScriptMethod()
  missing(): never {
    throw new ScriptApiError('ORDER_NOT_FOUND', 'There is no such order', { id: 5 });
  }

  @ScriptMethod()
  broken(): never {
    throw new Error('secret at /home/app/orders.ts');
  }

  @ScriptMethod({ body: true })
  page(): object {
    return { status: 200, body: '{"a":[1]}' };
  }
}

describe('Host APIs', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['orders:*'], tenants: { globex: { permissions: [] } } }, {}, [
      OrdersApi,
    ]);
  });

  afterAll(async () => runtime.close());

  const value = async (script: string): Promise<unknown> => runtime.valueOf(script, { wrap: 'function' });

  it('are called by scripts, and answer', async () => {
    expect(await value("return await orders.list({ status: 'open' })")).toEqual([
      { id: 1, status: 'open', tenant: 'acme' },
    ]);
  });

  it('take positional arguments where the schema is a tuple', async () => {
    expect(await value('return [await orders.add(1, 2), await orders.add(1), await orders.add(1, undefined)]')).toEqual(
      [3, 11, 11],
    );
  });

  it('may answer nothing', async () => {
    expect(await value('return (await orders.nothing()) === undefined')).toBe(true);
  });

  it('throw errors with a code', async () => {
    const script = (call: string): string =>
      `try { await ${call}; } catch (e) { return [e instanceof Error, e.name, e.code, e.message, e.details] }`;
    expect(await value(script('orders.missing()'))).toEqual([
      true,
      'ApiError',
      'ORDER_NOT_FOUND',
      'There is no such order',
      { id: 5 },
    ]);
    expect(await value(script('orders.broken()'))).toEqual([
      true,
      'ApiError',
      'API_CALL_FAILED',
      'orders.broken failed',
      null,
    ]);
  });

  it('give a body as text and as JSON', async () => {
    expect(await value('const p = await orders.page(); return [p, await p.text(), await p.json(), p.body]')).toEqual([
      { status: 200 },
      '{"a":[1]}',
      { a: [1] },
      null,
    ]);
  });

  it('keep their code when nobody catches it', async () => {
    const broken = await runtime.errorOf('await orders.list({ status: 5 })', { wrap: 'function', name: 'a.js' });
    expect(broken).toMatchObject({
      code: 'API_CALL_INVALID',
      details: { error: { code: 'API_CALL_INVALID', file: 'a.js', line: 1 } },
    });
  });
});
