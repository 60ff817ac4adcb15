import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { faultsOf } from '../../test-support/check-script.ts';
import { typingsOf } from '../../test-support/typings-of.ts';
import { ContributesContext, type ContextContributor } from '../bridge/context-contributor.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { PermissionPolicy, PermissionRequest } from '../security/permission-policy.ts';
import type { Json } from '../tenancy/tenant-context.ts';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';

const key = z.string().min(1).meta({ title: 'key', description: 'At most 512 bytes' });
const address = z.object({ city: z.string(), 'post-code': z.string().optional() });

@ScriptApi('kv', { description: 'Key-value storage' })
class KvApi {
  @ScriptMethod({ description: 'What is stored', input: z.tuple([key]), output: z.json().optional(), timeoutMs: 2000 })
  get([name]: [string]): unknown {
    return name;
  }

  @ScriptMethod({
    input: z.tuple([
      key,
      z.json().meta({ title: 'value' }),
      z
        .object({ ttlMs: z.int().default(0) })
        .optional()
        .meta({ title: 'options' }),
    ]),
    output: z.void(),
    cost: 5,
  })
  set(input: unknown): unknown {
    return input;
  }

  @ScriptMethod({ input: z.tuple([key], key.meta({ title: 'more' })), output: z.int() })
  delete(input: unknown): unknown {
    return input;
  }
}

@ScriptApi('orders')
class OrdersApi {
  @ScriptMethod({
    input: z.object({ status: z.enum(['open', 'paid']), limit: z.int().optional() }).optional(),
    output: z.array(z.object({ id: z.string(), at: z.date(), address: address.nullable() })),
  })
  list(input: unknown): unknown {
    return input;
  }

  @ScriptMethod({ permission: 'orders:write', input: address })
  create(input: unknown): unknown {
    return input;
  }
}

@ScriptApi('http')
class HttpApi {
  @ScriptMethod({ input: z.url(), output: z.object({ status: z.int(), body: z.string() }), body: true })
  fetch(input: unknown): unknown {
    return input;
  }
}

const APIS = [KvApi, OrdersApi, HttpApi];

const GOOD = `
  export default async (input: { net: number }, { tenant, user, request }: JsRuntime.Context): Promise<unknown> => {
    const name: string = tenant.plan ?? tenant.id ?? user?.id ?? request?.id;
    const remembered = await kv.get('price');
    await kv.set('price', { net: input.net, list: [1, null, { deep: undefined }] }, { ttlMs: 5 });
    await kv.set('price', null);
    const deleted: number = await kv.delete('a', 'b', 'c');
    for (const { id, at, address } of await orders.list({ status: 'open' })) {
      console.log(id.length, new Date(at).getTime(), address?.city, address?.['post-code']?.length);
    }
    const response = await http.fetch('https://example.com/');
    try {
      await orders.create({ city: 'Bern' });
    } catch (error) {
      const { code, message, details } = error as JsRuntime.ApiError;
      if (code === 'API_CALL_TIMED_OUT' || code === 'ORDER_EXISTS') return [message, details.id];
    }
    const timer: number = setTimeout((text) => console.warn(text.length), 10, 'later');
    clearTimeout(timer);
    queueMicrotask(() => console.debug('soon'));
    return structuredClone({ remembered, deleted, name, status: response.status, body: (await response.json()).total });
  };`;

/** Each line has one fault. */
const WRONG = [
  [`kv.get()`, 'Expected 1 arguments, but got 0.'],
  [`kv.get(1)`, `Argument of type 'number' is not assignable to parameter of type 'string'.`],
  [`kv.gett('a')`, `Property 'gett' does not exist on type '{`],
  [`kv.get = kv.get`, `Cannot assign to 'get' because it is a read-only property.`],
  [`kv = kv`, `Cannot assign to 'kv' because it is a constant.`],
  [`kv.set('a', () => 1)`, `Argument of type '() => number' is not assignable to parameter of type 'Json'.`],
  [`kv.set('a', kv.get('b'))`, `Argument of type 'Promise<any>' is not assignable to parameter of type 'Json'.`],
  [`kv.set('a', 1, { ttl: 5 })`, 'Object literal may only specify known properties'],
  [`kv.delete('a', 2)`, `Argument of type 'number' is not assignable to parameter of type 'string'.`],
  [`orders.list({ status: 'lost' })`, `Type '"lost"' is not assignable to type '"open" | "paid"'.`],
  [
    `orders.list().then((all) => all.map((order) => order.at.getTime()))`,
    `Property 'getTime' does not exist on type 'string'.`,
  ],
  [`orders.list().then((all) => all.map((order) => order.address.city))`, `'order.address' is possibly 'null'.`],
  [`orders.create({ city: 'Bern', 'post-code': 3000 })`, `Type 'number' is not assignable to type 'string'.`],
  [`http.fetch('https://example.com/').then(({ body }) => body)`, `Property 'body' does not exist on type`],
  [`context.tenant.id = 'globex'`, `Cannot assign to 'id' because it is a read-only property.`],
  [`context.tenant.plan = 'pro'`, `Index signature in type 'Tenant' only permits reading.`],
  [`context.user.id`, `'context.user' is possibly 'undefined'.`],
  [`context.tennant`, `Property 'tennant' does not exist on type 'Context'. Did you mean 'tenant'?`],
  [`console.table([])`, `Property 'table' does not exist on type 'Console'.`],
  [`fetch('https://example.com/')`, `Cannot find name 'fetch'.`],
  [`process.env`, `Cannot find name 'process'.`],
  [`document.title`, `Cannot find name 'document'.`],
  [`setTimeout('alert()', 1)`, `Argument of type 'string' is not assignable to parameter of type '() => unknown'.`],
] as const;

describe('ScriptApiTypings', () => {
  let typings: string;
  beforeAll(async () => {
    typings = await (await typingsOf(APIS))();
  });

  it('lets a correct script compile, as TypeScript and as JavaScript', () => {
    expect(faultsOf(typings, GOOD)).toEqual([]);
    const script = `
      /** @satisfies {JsRuntime.Main<{ net: number }>} */
      const main = async ({ net }, { executionId, deadlineMs }) => [net.toFixed(), executionId.length, deadlineMs.toFixed()];
      kv.get('a').then((value) => value.anything.at.all);
      input.anything.at.all + context.tenant.anything.at.all;
      main(input, context);`;
    expect(faultsOf(typings, script, { fileName: 'script.js' })).toEqual([]);
    expect(faultsOf(typings, script, { fileName: 'script.js', isModule: true })).toEqual([]);
  });

  it.each(['script.ts', 'script.js'] as const)('finds every fault of %s, and nothing else', (fileName) => {
    const script = WRONG.map(([line]) => `${line};`).join('\n');
    expect(faultsOf(typings, script, { fileName })).toEqual(
      WRONG.map(([, fault], index) => expect.stringContaining(`${fileName}:${index + 1} ${fault}`) as string),
    );
  });

  it('agrees with what a browser declares, should an editor know that too', () => {
    expect(faultsOf(typings, 'kv.get("a")', { lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'] })).toEqual([]);
  });

  it('tells authors what their APIs are for', () => {
    expect(typings).toContain(`/** Key-value storage */
declare const kv: {
  /**
   * What is stored
   *
   * Takes at most 2000 ms.
   * @param key At most 512 bytes
   */
  readonly get: (key: string) => Promise<any>;`);
    expect(typings).toContain('Counts as 5 calls.');
  });

  it('shows tenants what they may call, and nothing else', async () => {
    const of = await typingsOf(APIS, {
      tenants: { acme: { permissions: ['kv:*', '!kv:delete'] }, globex: { permissions: ['orders:write'] } },
    });
    const [ofAcme, ofGlobex, ofOthers] = [await of('acme'), await of('globex'), await of('initech')];
    expect(namesIn(ofAcme)).toEqual(['kv.get', 'kv.set']);
    expect(namesIn(ofGlobex)).toEqual(['orders.create']);
    expect(namesIn(ofOthers)).toEqual([]);
    expect(faultsOf(ofAcme, 'kv.delete("a"); orders;')).toHaveLength(2);
    expect(faultsOf(ofOthers, 'context; input; console; kv;')).toEqual([`script.ts:1 Cannot find name 'kv'.`]);
    await expect(of('acme')).resolves.toBe(ofAcme);
  });

  it('asks a policy that takes its time, and shows nothing when it fails', async () => {
    @Injectable()
    class Policy implements PermissionPolicy {
      async isPermitted({ permission, api, context }: PermissionRequest): Promise<boolean> {
        if (context.tenant.id === 'globex') throw new Error('out of order');
        return Promise.resolve(permission === 'orders:write' && api === 'orders.create');
      }
    }
    const of = await typingsOf(APIS, { permissionPolicy: Policy });
    expect(namesIn(await of('acme'))).toEqual(['orders.create']);
    await expect(of('globex')).rejects.toThrow('out of order');
  });

  it('knows what an application adds to the context', async () => {
    @ContributesContext('features')
    class Features implements ContextContributor {
      contribute(): Json {
        return { beta: true };
      }
    }
    @ContributesContext('a-b')
    class Others implements ContextContributor {
      contribute(): Json {
        return 1;
      }
    }
    const of = await typingsOf([Features, Others, ...APIS]);
    const script = `context.features.beta && context['a-b'] && context.tenant.id;\ncontext.features = 1;\ncontext.other;`;
    expect(faultsOf(await of(), script)).toEqual([
      `script.ts:2 Cannot assign to 'features' because it is a read-only property.`,
      `script.ts:3 Property 'other' does not exist on type 'Context'.`,
    ]);
  });

  it('needs a tenant', async () => {
    const typingsOfNobody = typingsOf(APIS).then(async (of) => of(''));
    await expect(typingsOfNobody).rejects.toThrow(JsRuntimeError);
  });
});

/** What is declared, as `namespace.method`. */
function namesIn(typings: string): readonly string[] {
  return [...typings.matchAll(/^declare const (\w+): \{\n(.*?)^\};/gms)].flatMap(([, namespace = '', members = '']) =>
    [...members.matchAll(/^ {2}readonly (\w+):/gm)].map(([, method = '']) => `${namespace}.${method}`),
  );
}
