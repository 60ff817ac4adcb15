import { Inject, Injectable, Logger, Scope, type Provider } from '@nestjs/common';
import { z } from 'zod';
import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { tampering } from '../../test-support/tampering.ts';
import { OURS, textOf } from '../../test-support/what-a-tenant-sees.ts';
import type { JsonObject } from '../tenancy/tenant-context.ts';
import type { ModuleRequest, ModuleResolver, ModuleSource } from '../compiler/module-resolver.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';
import { ScriptApiError } from './script-api-error.ts';
import { ScriptApi } from './script-api.decorator.ts';
import type { ScriptCall } from './script-call.ts';
import { ScriptMethod } from './script-method.decorator.ts';

const { jest } = import.meta;

const SECRET = 'secret-of-the-backend';

@ScriptApi('orders')
@Injectable()
class OrdersApi {
  /** What methods were given. */
  static readonly seen: unknown[] = [];

  @ScriptMethod({ input: z.tuple([]).rest(z.unknown()) })
  echo(args: readonly unknown[]): unknown {
    OrdersApi.seen.push(args);
    return args;
  }

  @ScriptMethod({ input: z.tuple([]).rest(z.unknown()) })
  whoAmI(_: readonly unknown[], { tenant, executionId, context }: ScriptCall): unknown {
    return { tenant: tenant.id, executionId, user: context.user?.id };
  }

  @ScriptMethod({ input: z.strictObject({ id: z.int() }) })
  get({ id }: { id: number }): unknown {
    return { id };
  }

  @ScriptMethod()
  missing(): never {
    throw new ScriptApiError('ORDER_NOT_FOUND', 'There is no such order', { id: 5 });
  }

  @ScriptMethod()
  broken(): never {
    throw new Error(`${SECRET} at /home/app/orders.ts`);
  }

  @ScriptMethod()
  denied(): string {
    return SECRET;
  }

  @ScriptMethod({ body: true })
  page(): object {
    return { status: 200, body: '{"a":[1]}' };
  }

  @ScriptMethod({ input: z.int() })
  text(chars: number): string {
    return 'x'.repeat(chars);
  }

  @ScriptMethod({ input: z.unknown() })
  rethrow(value: unknown): never {
    throw value;
  }

  @ScriptMethod({ input: z.unknown() })
  explain(value: unknown): never {
    const details: { value?: unknown; details?: object } = { value };
    if (value === 'cycle') details.details = details;
    throw new ScriptApiError('ORDER_WRONG', 'What was given is wrong', details as JsonObject);
  }

  @ScriptMethod({ input: z.record(z.string(), z.strictObject({ a: z.int(), b: z.int(), c: z.int() })) })
  many(records: object): number {
    return Object.keys(records).length;
  }
}

/** Answers when a test says so. */
@ScriptApi('slow')
@Injectable()
class SlowApi {
  static answer = Promise.withResolvers<unknown>();
  static asked = Promise.withResolvers<AbortSignal>();

  @ScriptMethod()
  async wait(_: undefined, { signal }: ScriptCall): Promise<unknown> {
    SlowApi.asked.resolve(signal);
    return SlowApi.answer.promise;
  }

  @ScriptMethod()
  async asked(): Promise<void> {
    await SlowApi.asked.promise;
  }

  @ScriptMethod()
  async isOpening(): Promise<void> {
    await opening.promise;
  }
}

let opening = Promise.withResolvers<undefined>();
let opened = Promise.withResolvers<undefined>();
let isMade = Promise.withResolvers<undefined>();

/** Is made anew for each execution, when a test says so. */
@ScriptApi('scoped')
@Injectable({ scope: Scope.REQUEST })
class ScopedApi {
  static calls = 0;

  constructor(@Inject('connection') readonly connection: unknown) {
    isMade.resolve(undefined);
  }

  @ScriptMethod()
  run(): void {
    ScopedApi.calls++;
  }
}

const connection: Provider = {
  provide: 'connection',
  scope: Scope.REQUEST,
  useFactory: async () => {
    opening.resolve(undefined);
    return opened.promise;
  },
};

/** Answers all at once. */
@ScriptApi('crowd')
@Injectable()
class CrowdApi {
  static calls = 0;
  static readonly met = Promise.withResolvers<undefined>();

  @ScriptMethod({ input: z.int() })
  async meet(calls: number): Promise<void> {
    if (++CrowdApi.calls === calls) CrowdApi.met.resolve(undefined);
    await CrowdApi.met.promise;
  }
}

describe('Host APIs', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime(
      { poolSize: 1, permissions: ['*', '!orders:denied'], maxApiArgumentBytes: 256 * 1024 },
      {},
      [OrdersApi, SlowApi, ScopedApi, connection],
    );
  });

  afterAll(async () => {
    await runtime.close();
  });

  const valueOf = async (script: string): Promise<unknown> => runtime.valueOf(script, { wrap: 'function' });

  // Named as a file of the code around it, so that frames of that would be taken for the script's.
  const name = 'host-apis.ts';

  describe.each(Object.entries(tampering))('called by a script that has tampered with %s', (_, tamper) => {
    it('answer', async () => {
      const script = `${tamper}
        return [await orders.echo('a', [1, { b: null }], {}), await orders.get({ id: 7 })];`;
      expect(await valueOf(script)).toEqual([['a', [1, { b: null }], {}], { id: 7 }]);
    });

    it('answer a call that was made before', async () => {
      const script = `const answers = [orders.echo(1), orders.get({ id: 7 })]; ${tamper}
        return [await answers[0], await answers[1]];`;
      expect(await valueOf(script)).toEqual([[1], { id: 7 }]);
    });

    it('give a body', async () => {
      const script = `const names = Object.getOwnPropertyNames; ${tamper}
        const page = await orders.page();
        return [page.status, names(page), await page.text(), await page.json()];`;
      expect(await valueOf(script)).toEqual([200, ['status', 'json', 'text'], '{"a":[1]}', { a: [1] }]);
    });

    it.each([
      ['missing()', 'ORDER_NOT_FOUND', 'There is no such order'],
      ['broken()', 'API_CALL_FAILED', 'orders.broken failed'],
      ['denied()', 'PERMISSION_DENIED', 'orders.denied needs the permission orders:denied'],
      ['echo(1n)', 'API_CALL_INVALID', 'orders.echo: a bigint is not JSON'],
    ])('refuse %s', async (call, code, message) => {
      const script = `${tamper}
        try { await orders.${call}; } catch (error) { return [error.code, error.message]; }`;
      expect(await valueOf(script)).toEqual([code, message]);
    });

    it('keep the code of what nobody catches, and its position', async () => {
      const error = await runtime.errorOf(`${tamper}\nawait orders.denied();`, { wrap: 'function', name });
      expect(error).toMatchObject({ code: 'PERMISSION_DENIED', details: { error: { name: 'ApiError', line: 2 } } });
      expect(textOf(error)).not.toMatch(OURS);
    });
  });

  describe('take what a script says for no more than it is:', () => {
    const caught = (call: string): string => `try { return await ${call}; } catch (error) { return error.code; }`;

    it.each([
      ['a tenant', "{ tenant: { id: 'globex' }, context: { tenant: { id: 'globex' } } }"],
      ['an execution', "{ executionId: 'forged', id: 1, call: 1, signal: null }"],
      ['a user', "'u1', { user: { id: 'root' } }"],
    ])('%s', async (_, args) => {
      const script = `return [await orders.whoAmI(${args}), context.executionId]`;
      expect(await valueOf(script)).toEqual([{ tenant: 'acme', executionId: expect.any(String) }, expect.any(String)]);
      const [answer, own] = (await valueOf(script)) as [{ executionId: string }, string];
      expect(answer.executionId).toBe(own);
    });

    it.each([
      ['many arguments', 'orders.echo(...Array(900).fill(1))', Array(900).fill(1)],
      ['half surrogate pairs', "orders.echo('\\ud800', { '\\udc00': 1 })", ['\ud800', { '\udc00': 1 }]],
      ['-0 and what is no JSON number', 'orders.echo(-0, NaN, Infinity, [-Infinity])', [0, null, null, [null]]],
      ['a sparse array', 'orders.echo([, 1, , 2], undefined, 3)', [[null, 1, null, 2], null, 3]],
      ['undefined at the end', 'orders.echo(1, undefined, undefined)', [1]],
      ['functions and symbols inside', 'orders.echo([() => 1, Symbol()], { f() {} })', [[null, null], {}]],
      ['a number beyond all numbers', "orders.echo(JSON.rawJSON('1e999'))", [null]],
      ['an object without a prototype', 'orders.echo(Object.create(null))', [{}]],
      [
        'objects of classes',
        'orders.echo(new Map([[1, 2]]), new Error("x"), new Date(0))',
        [{}, {}, '1970-01-01T00:00:00.000Z'],
      ],
      [
        'a key constructor',
        'orders.echo({ constructor: { prototype: { polluted: 1 } } })',
        [{ constructor: { prototype: { polluted: 1 } } }],
      ],
      ['a cycle', 'orders.echo((() => { const a = []; a[0] = a; return a; })())', 'API_CALL_INVALID'],
      ['all that is global', 'orders.echo(Object.keys(globalThis))', [['context', 'input']]],
      ['a BigInt', 'orders.echo([1n])', 'API_CALL_INVALID'],
      ['a symbol', 'orders.echo(Symbol())', 'API_CALL_INVALID'],
      ['a function', 'orders.echo(() => 1)', 'API_CALL_INVALID'],
      ['a key __proto__', `orders.echo(JSON.parse('{"__proto__":{"polluted":1}}'))`, 'API_CALL_INVALID'],
      [
        'a key __proto__, deep inside',
        `orders.echo([{ a: JSON.parse('{"\\\\u005f_proto__":1}') }])`,
        'API_CALL_INVALID',
      ],
      [
        'arrays 1001 deep',
        'orders.echo((() => { let a = 1; for (let i = 0; i < 1001; i++) a = [a]; return a; })())',
        'API_CALL_INVALID',
      ],
      [
        'arrays 1e5 deep',
        'orders.echo((() => { let a = 1; for (let i = 0; i < 1e5; i++) a = [a]; return a; })())',
        'API_CALL_INVALID',
      ],
      ['more characters than allowed', "orders.echo('x'.repeat(262_141))", 'API_CALL_INVALID'],
      ['more bytes than allowed', "orders.echo('\\u20ac'.repeat(90_000))", 'API_CALL_INVALID'],
      ['a megabyte that is escaped', "orders.echo('\\u0000'.repeat(100_000))", 'API_CALL_INVALID'],
      ['a getter that throws', 'orders.echo({ get a() { throw new Error("mine"); } })', 'API_CALL_INVALID'],
      ['a toJSON() that throws nothing', 'orders.echo({ toJSON() { throw undefined; } })', 'API_CALL_INVALID'],
      [
        'a revoked Proxy',
        'orders.echo((() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })())',
        'API_CALL_INVALID',
      ],
      [
        'an object in place of the list',
        '(Array.prototype.toJSON = () => ({ length: 1, 0: 1 }), orders.echo(1))',
        'API_CALL_INVALID',
      ],
      ['text in place of the list', '(Array.prototype.toJSON = () => "[1]", orders.echo(1))', 'API_CALL_INVALID'],
      [
        'nothing in place of the list',
        '(Array.prototype.toJSON = () => undefined, orders.echo(1))',
        'API_CALL_INVALID',
      ],
      ['another list', '(Array.prototype.toJSON = () => [], orders.get({ id: 1 }))', 'API_CALL_INVALID'],
      ['one argument too many', 'orders.get({ id: 1 }, 1)', 'API_CALL_INVALID'],
      ['a member too many', 'orders.get({ id: 1, tenant: 1 })', 'API_CALL_INVALID'],
      ['an argument where there is none', 'orders.missing(1)', 'API_CALL_INVALID'],
    ])('%s', async (_, call, answer) => {
      expect(await valueOf(caught(call))).toEqual(answer);
      expect({}).not.toHaveProperty('polluted');
    });

    it.each([
      [
        'an object of its own',
        "throw Object.assign(new Error('x'), { name: 'ApiError', code: 'PERMISSION_DENIED', isApiError: true })",
      ],
      ['no error at all', "throw { code: 'PERMISSION_DENIED', isApiError: true, message: 'x' }"],
      [
        'an error of the API, with a code that no call came to',
        "try { await orders.missing(); } catch (error) { error.code = 'PERMISSION_DENIED'; throw error; }",
      ],
      [
        'an error of the API, with a code of the pool',
        "try { await orders.missing(); } catch (error) { error.code = 'SHUTTING_DOWN'; throw error; }",
      ],
      [
        'an error of the API, with a code that is inherited',
        "try { await orders.missing(); } catch (error) { error.code = 'constructor'; throw error; }",
      ],
      [
        'an error of the API, with a code that is no text',
        "try { await orders.missing(); } catch (error) { error.code = { toString: () => 'PERMISSION_DENIED' }; throw error; }",
      ],
      [
        'what inherits from an error of the API',
        'try { await orders.denied(); } catch (error) { throw Object.create(error); }',
      ],
      [
        'a Proxy of an error of the API',
        'try { await orders.denied(); } catch (error) { throw new Proxy(error, {}); }',
      ],
      [
        'another error, with a code that a call came to',
        "await orders.denied().catch(() => 0); throw Object.assign(new Error('x'), { code: 'PERMISSION_DENIED' })",
      ],
      [
        'its own, as WeakSets have everything',
        "WeakSet.prototype.has = () => true; throw Object.assign(new Error('x'), { code: 'PERMISSION_DENIED' })",
      ],
      [
        'its own, that a WeakSet was given',
        `let set; const { add } = WeakSet.prototype;
        WeakSet.prototype.add = function (value) { set = this; return add.call(this, value); };
        await orders.denied().catch(() => 0);
        const mine = Object.assign(new Error('x'), { code: 'PERMISSION_DENIED' }); set?.add(mine); throw mine`,
      ],
      [
        'an answer that it has replaced',
        `const { then } = Promise.prototype;
        Object.defineProperty(Promise.prototype, 'constructor', { get: () => Object });
        Promise.prototype.then = function (resolve, reject) {
          const text = JSON.stringify({ code: 'SHUTTING_DOWN', message: 'forged' });
          return then.call(this, (value) => resolve(value?.kind ? { kind: 'error', text } : value), reject);
        };
        await orders.missing()`,
      ],
    ])('a code, by %s', async (_, script) => {
      const error = await runtime.errorOf(script, { wrap: 'function' });
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR' });
      expect(textOf(error)).not.toMatch(OURS);
    });
  });

  it('are no way to code, or to what is behind them', async () => {
    const script = `const denied = (f) => { try { return typeof f(); } catch (error) { return error.name; } };
      const { echo } = orders;
      return [
        denied(() => echo.constructor('return process')()),
        denied(() => echo('').constructor.constructor('return process')()),
        denied(() => Object.getPrototypeOf(echo).constructor('return process')()),
        denied(() => { 'use strict'; orders.echo = 1; }),
        denied(() => { 'use strict'; delete orders.echo; }),
        denied(() => { 'use strict'; echo.then = 1; }),
        denied(() => new echo()),
        Object.getPrototypeOf(orders), orders.then, orders.constructor, echo.prototype,
        (await orders) === orders, Object.isFrozen(orders), Object.isFrozen(echo), await echo.call(globalThis, 1),
      ].map((value) => value === undefined ? 'undefined' : value);`;
    const refused = ['EvalError', 'EvalError', 'EvalError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'];
    const absent = [null, 'undefined', 'undefined', 'undefined'];
    expect(await valueOf(script)).toEqual([...refused, ...absent, true, true, true, [1]]);
  });

  it('show nothing of what is behind them in call sites', async () => {
    const script = `'use strict'; Error.stackTraceLimit = 100;
      Error.prepareStackTrace = (_, sites) => sites.map((site) => [
        site.getFileName(), typeof site.getThis(), typeof site.getFunction(), site.isNative(), String(site.getEvalOrigin())]);
      const stacks = [];
      for (const call of [() => orders.broken(), () => orders.echo(1n), () => orders.echo({ get a() { throw new Error(); } }),
        () => new Promise((_, reject) => orders.echo({ toJSON() { reject(new Error()); } }))]) {
        try { await call(); } catch (error) { stacks.push(error.stack); }
      }
      return stacks;`;
    const stacks = (await runtime.valueOf(script, { wrap: 'function', name: 'a.js' })) as string[][][];
    expect(stacks).toHaveLength(4);
    const sites = new Set(stacks.flat().map((site) => site.join(' ')));
    expect([...sites].sort()).toEqual([
      // What V8 has built in, like JSON.stringify().
      ' undefined undefined false undefined',
      'a.js undefined undefined false undefined',
      'js-runtime:realm undefined undefined false undefined',
    ]);
  });

  it('give stacks without a file of the backend, and without a secret', async () => {
    const script = `const seen = [];
      for (const call of ['broken', 'denied', 'missing']) {
        await orders[call]().catch((error) => seen.push(error.stack, Object.getOwnPropertyNames(error), error.cause, String(error)));
      }
      return seen;`;
    const text = JSON.stringify(await runtime.valueOf(script, { wrap: 'function', name: 'a.js' }));
    expect(text).toContain('a.js:3');
    expect(text.replaceAll('js-runtime:realm', '')).not.toMatch(OURS);
    expect(text).not.toContain(SECRET);
  });

  describe('are called', () => {
    const seenOf = async (script: string, more: ExecuteOptions = {}): Promise<unknown> => {
      OrdersApi.seen.length = 0;
      const value = await runtime.valueOf(script, { wrap: 'function', ...more });
      // Whatever is still on its way is there before the next.
      await valueOf('return 1');
      return [value, OrdersApi.seen.flat()];
    };

    it.each([
      [
        'by a getter of the arguments, before',
        'await orders.echo({ get a() { void orders.echo("inner"); return 1; } })',
        ['inner', { a: 1 }],
      ],
      [
        'by what is logged',
        'console.log({ toJSON() { void orders.echo("log"); } }); await orders.echo("end")',
        ['log', 'end'],
      ],
      ['by a timer', 'await new Promise((resolve) => setTimeout(() => resolve(orders.echo("timer"))))', ['timer']],
      [
        'by a microtask',
        'await new Promise((resolve) => queueMicrotask(() => resolve(orders.echo("microtask"))))',
        ['microtask'],
      ],
      [
        'by Error.prepareStackTrace',
        'Error.prepareStackTrace = () => orders.echo("stack"); await new Error().stack',
        ['stack'],
      ],
    ])('%s', async (_, script, seen) => {
      expect(await seenOf(script)).toEqual([undefined, seen]);
    });

    it.each([
      ['by the toJSON() of the result', 'return { toJSON() { void orders.echo("late"); return 1; } }'],
      [
        'by what comes after the result',
        'setTimeout(() => orders.echo("late")); queueMicrotask(() => Promise.resolve().then(() => orders.echo("late"))); return 1',
      ],
      [
        'by a Proxy that is the result',
        'return new Proxy([1], { get(target, key) { void orders.echo("late"); return target[key]; } })',
      ],
    ])('no more %s', async (_, script) => {
      expect(await seenOf(script)).toEqual([expect.anything(), []]);
    });

    it('by a new execution as if none had replaced them', async () => {
      await valueOf('globalThis.orders = { echo: () => "evil" }; delete globalThis.JSON; return 1');
      expect(await valueOf('return await orders.echo(1)')).toEqual([1]);
      expect(await valueOf('const orders = 5; return orders')).toBe(5);
      expect(await valueOf('return delete globalThis.orders && typeof orders')).toBe('undefined');
      expect(await valueOf('return await orders.echo(2)')).toEqual([2]);
    });

    it('at most as often at a time, and in all, as is allowed', async () => {
      const script = `const count = (calls) => Promise.allSettled(calls).then((all) => {
          const codes = {};
          for (const { status, reason } of all) codes[reason?.code ?? status] = (codes[reason?.code ?? status] ?? 0) + 1;
          return codes;
        });
        const atOnce = await count(Array.from({ length: 10_000 }, (_, n) => orders.echo(n)));
        let others = 0;
        for (;;) { try { await orders.echo(others); others++; } catch (error) { return [atOnce, others, error.code]; } }`;
      const limited = 'API_CALL_LIMIT_EXCEEDED';
      expect(await valueOf(script)).toEqual([{ fulfilled: 32, [limited]: 9968 }, 968, limited]);
      const error = await runtime.errorOf('for (;;) await orders.echo(1)', { wrap: 'function' });
      expect(error).toMatchObject({ code: limited, details: { error: { name: 'ApiError' } } });
    });

    it('with arguments that grow while they are counted, as often as allowed', async () => {
      const script = `const nested = (n) => n === 0 ? 1 : { toJSON() { orders.echo(nested(n - 1)).catch(() => 0); return n; } };
        await orders.echo(nested(100)).catch(() => 0); return 1;`;
      expect(await valueOf(script)).toBe(1);
    });
  });

  it.each([
    ['a loop after an answer', 'await orders.echo(1); for (;;);'],
    ['microtasks without end after an answer', 'await orders.echo(1); for (;;) await null;'],
    ['microtasks without end beside a call', '(async () => { for (;;) await null; })(); await orders.echo(1);'],
    [
      'a then() without end',
      'orders.echo(1).then(function again() { return Promise.resolve().then(again); }); await new Promise(() => {});',
    ],
    ['a loop in the arguments', 'orders.echo({ toJSON() { for (;;); } })'],
    [
      'a loop in what an answer inherits',
      'const answer = orders.echo(1); Object.defineProperty(Object.prototype, "then", { get() { for (;;); } }); await answer;',
    ],
    [
      'a loop in the constructor of promises',
      'Object.defineProperty(Promise.prototype, "constructor", { get() { for (;;); } }); await orders.echo(1);',
    ],
    ['a loop in the stack of a refusal', 'Error.prepareStackTrace = () => { for (;;); }; await orders.denied();'],
    [
      'an answer that nobody awaits, and a timer that is always due',
      'void orders.echo(1); setInterval(() => 0, 0); await new Promise(() => {});',
    ],
    ['calls without end', 'for (;;) orders.echo(1).catch(() => 0);'],
    ['calls without end, each after the other', 'for (;;) await orders.echo(1).catch(() => 0);'],
    [
      'a list whose length lies',
      'await orders.echo(new Proxy([], { get: (_, key) => key === "length" ? 2 ** 53 - 1 : 1 }))',
    ],
  ])('are no way around the limits: %s', async (_, script) => {
    // What was before may have cost its VM.
    await until(() => runtime.pool.stats().available === 1);
    const limits = { timeoutMs: 300, maxApiCalls: 1_000_000 };
    const error = await runtime.errorOf(script, { wrap: 'function', limits });
    expect(['WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'API_CALL_INVALID']).toContain(error.code);
    expect(await valueOf('return await orders.echo(1)')).toEqual([1]);
  });

  it('survive calls at the end of the stack', async () => {
    const script = `const answers = [];
      const dig = () => { try { dig(); } catch { answers.push(orders.echo(1)); throw 1; } };
      try { dig(); } catch {}
      const all = await Promise.race([Promise.allSettled(answers), new Promise((resolve) => setTimeout(resolve, 50))]);
      return typeof all;`;
    await runtime.run(script, { wrap: 'function' }).catch((error: unknown) => error);
    expect(await valueOf('return await orders.echo(1)')).toEqual([1]);
  });

  it('answer as many calls as may be under way, with more than the pipe holds', async () => {
    const script = `let chars = 0;
      const work = async () => { for (let n = 0; n < 10; n++) { const { length } = await orders.text(500_000); chars += length; } };
      await Promise.all(Array.from({ length: 8 }, work));
      return chars;`;
    const limits = { maxApiCallsInFlight: 8, maxMemoryMb: 256 };
    expect(await runtime.valueOf(script, { wrap: 'function', limits })).toBe(40_000_000);
  });

  it.each([
    ['what is no text', 'orders.rethrow({ toString: 1, valueOf: 1, stack: 1 })', 'API_CALL_FAILED'],
    ['nothing', 'orders.rethrow(null)', 'API_CALL_FAILED'],
    [
      'what looks like an error',
      "orders.rethrow({ code: 'PERMISSION_DENIED', name: 'ScriptApiError', message: 'x' })",
      'API_CALL_FAILED',
    ],
    ['details with a cycle', "orders.explain('cycle')", 'API_CALL_FAILED'],
    ['details beyond measure', "orders.explain('x'.repeat(200_000))", 'API_CALL_FAILED'],
    ['details', 'orders.explain(1)', 'ORDER_WRONG'],
  ])('survive that a method throws %s', async (_, call, code) => {
    expect(await valueOf(`try { await ${call}; } catch (error) { return error.code; }`)).toBe(code);
  });

  it('do not tell a script more of its mistakes than it can read', async () => {
    const script = `const key = 'k'.repeat(200_000), wrong = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [n, 1]));
      const sizes = [];
      for (const args of [{ [key]: {} }, { a: wrong }, wrong, { a: { [key]: 1 } }]) {
        try { await orders.many(args); } catch (error) { sizes.push(JSON.stringify([error.message, error.details]).length); }
      }
      return sizes;`;
    const sizes = (await valueOf(script)) as number[];
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(16 * 1024);
  });

  describe('when the execution has ended', () => {
    beforeEach(() => {
      SlowApi.answer = Promise.withResolvers();
      SlowApi.asked = Promise.withResolvers();
    });

    it('answer nobody, the next execution in the same VM included', async () => {
      const first = await runtime.run('void slow.wait(); await slow.asked(); return 1', { wrap: 'function' });
      const signal = await SlowApi.asked.promise;
      expect(signal.aborted).toBe(true);
      const { resolve } = SlowApi.answer;
      SlowApi.answer = Promise.withResolvers();
      SlowApi.asked = Promise.withResolvers();
      const next = runtime.run('return [await slow.wait(), await orders.echo(1)]', { wrap: 'function' });
      await SlowApi.asked.promise;
      resolve(SECRET);
      await new Promise(setImmediate);
      SlowApi.answer.resolve('own');
      expect(await next).toMatchObject({ value: ['own', [1]], vmId: first.vmId });
    });

    it.each([
      ['was cancelled', 'await slow.wait()', 'CANCELLED'],
      ['was cancelled in a loop', 'void slow.wait(); await slow.asked(); for (;;) await null', 'CANCELLED'],
      ['lost its VM', 'await slow.wait()', 'VM_CRASHED'],
      ['threw', 'void slow.wait(); await slow.asked(); throw new Error("x")', 'SCRIPT_ERROR'],
    ])('tell methods, if it %s', async (how, script, code) => {
      const outcome = runtime.errorOf(script, { wrap: 'function', executionId: 'ended' });
      const signal = await SlowApi.asked.promise;
      if (code === 'CANCELLED') runtime.executions.cancel('ended');
      if (how === 'lost its VM') for (const { pid } of runtime.pool.vms()) process.kill(pid, 'SIGKILL');
      expect((await outcome).code).toBe(code);
      expect(signal.aborted).toBe(true);
      SlowApi.answer.reject(signal.reason);
      expect(await valueOf('return await orders.echo(1)')).toEqual([1]);
    });

    it('begin nothing for it any more, when their provider was not there before', async () => {
      opening = Promise.withResolvers();
      opened = Promise.withResolvers();
      isMade = Promise.withResolvers();
      ScopedApi.calls = 0;
      expect(await valueOf('void scoped.run(); await slow.isOpening(); return 1')).toBe(1);
      opened.resolve(undefined);
      await isMade.promise;
      // A call that comes after it has the same way to go.
      expect(await valueOf('await scoped.run()')).toBeUndefined();
      expect(ScopedApi.calls).toBe(1);
    });
  });

  it('log what fails in bounds, however often and with whatever text', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const failing = "for (let n = 0; n < 20; n++) await orders.explain('x'.repeat(200_000)).catch(() => 0)";
    await valueOf(failing);
    expect(log.mock.calls.length).toBe(10);
    log.mockClear();
    await valueOf("await orders.rethrow('x'.repeat(200_000)).catch(() => 0)");
    expect(JSON.stringify(log.mock.calls).length).toBeLessThan(32 * 1024);
    log.mockRestore();
  });
});

const MODULES: Readonly<Record<string, string>> = {
  evil: "globalThis.orders = { echo: async () => 'evil' }; export default 1",
  frozen: "export default Reflect.set(orders, 'echo', () => 'evil')",
  caller: "export default await orders.echo('at the top')",
  late: "setTimeout(() => orders.echo('late')); export default 1",
};

class Modules implements ModuleResolver {
  resolve({ specifier }: ModuleRequest): ModuleSource | undefined {
    const source = MODULES[specifier];
    return source === undefined ? undefined : { name: `${specifier}.js`, source };
  }
}

describe('Modules that call host APIs', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1, permissions: ['*'] }, { moduleResolver: Modules }, [
      OrdersApi,
      SlowApi,
    ]);
  });

  afterAll(async () => {
    await runtime.close();
  });

  it.each([
    ['while they are evaluated', "import at from 'caller'; export default at", ['at the top']],
    ['replace them, for this execution', "import 'evil'; export default async () => orders.echo(1)", 'evil'],
    [
      'cannot change them',
      "import isSet from 'frozen'; export default async () => [isSet, await orders.echo(1)]",
      [false, [1]],
    ],
    ['later, when nobody waits', "import 'late'; export default 1", 1],
    ['with what they export', 'export default { toJSON() { void orders.echo("late"); return 1; } }', 1],
  ])('%s', async (_, script, value) => {
    OrdersApi.seen.length = 0;
    expect(await runtime.valueOf(script, { wrap: 'module' })).toEqual(value);
    expect(await runtime.valueOf('return await orders.echo(2)', { wrap: 'function' })).toEqual([2]);
    expect(OrdersApi.seen).not.toContainEqual(['late']);
  });

  it.each([
    ['with microtasks after it', 'await orders.echo(1); for (;;) await null; export default 1'],
    ['with a loop after it', 'await orders.echo(1); for (;;); export default 1'],
    ['with a loop in what is exported', 'await orders.echo(1); export default { get then() { for (;;); } }'],
    ['that is not answered', 'export default await slow.wait()'],
  ])('are no way around the limits: without end, %s', async (_, script) => {
    await until(() => runtime.pool.stats().available === 1);
    SlowApi.answer = Promise.withResolvers();
    const error = await runtime.errorOf(script, { wrap: 'module', limits: { timeoutMs: 500 } });
    expect(error.code).toBe('WALL_TIME_LIMIT_EXCEEDED');
    expect(await runtime.valueOf('return await orders.echo(2)', { wrap: 'function' })).toEqual([2]);
  });
});

describe('As many calls as there can be under way, answered at once', () => {
  it('fit on a small stack', async () => {
    const max = 10_000;
    const runtime = await startRuntime(
      { poolSize: 1, stackSizeKb: 128, permissions: ['*'], maxApiCalls: max, maxApiCallsInFlight: max },
      {},
      [CrowdApi],
    );
    try {
      const script = `return (await Promise.all(Array.from({ length: ${max} }, () => crowd.meet(${max})))).length`;
      const limits = { maxMemoryMb: 256 };
      expect(await runtime.valueOf(script, { wrap: 'function', limits })).toBe(max);
    } finally {
      await runtime.close();
    }
  });
});
