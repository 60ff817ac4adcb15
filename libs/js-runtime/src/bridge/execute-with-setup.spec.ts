import { z } from 'zod';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';
import type { SetupFn, SetupScope } from './setup-scope.ts';

const FUNCTION = { wrap: 'function' } as const;

describe('executeWithSetup', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['echo:*'], maxInputBytes: 1000 }, {}, [EchoApi]);
  });

  afterAll(async () => runtime.close());

  const run = async (script: string, setup: SetupFn, options: ExecuteOptions = {}): Promise<unknown> =>
    runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
      const result = await runtime.executions.executeWithSetup(script, setup, { ...FUNCTION, ...options });
      return result.value;
    });

  it('adds frozen globals and functions to one execution', async () => {
    const rates = { eur: 1.1 };
    const value = await run(
      `'use strict';
      const failed = [];
      for (const change of [() => { rates.eur = 2 }, () => { rates = 1 }, () => { delete globalThis.rates }, () => { orders.list = 1 }]) {
        try { change(); } catch { failed.push(true); }
      }
      return [rates, failed, await orders.list({ status: 'open' })];`,
      (scope, vm) => {
        expect([typeof vm.id, typeof vm.pid]).toEqual(['string', 'number']);
        scope.define('rates', rates);
        scope.expose('orders.list', (input, { tenant }) => [input, tenant.id]);
      },
    );
    expect(value).toEqual([{ eur: 1.1 }, [true, true, true, true], [{ status: 'open' }, 'acme']]);
    expect(await runtime.valueOf('[typeof rates, typeof orders]')).toEqual(['undefined', 'undefined']);
  });

  it('adds functions to a namespace that every execution has, for this one only', async () => {
    const value = await run('return [await echo.say(1), await echo.more()]', (scope) => {
      scope.expose('echo.more', () => 'more');
    });
    expect(value).toEqual([1, 'more']);
    expect(await runtime.valueOf('[typeof echo.say, typeof echo.more]')).toEqual(['function', 'undefined']);
  });

  it('checks arguments and permissions where it is told to', async () => {
    const setup: SetupFn = (scope) => {
      scope.expose('some.half', (n) => n / 2, { input: z.number() });
      scope.expose('some.secret', () => 'secret', { permission: 'secrets:read' });
    };
    const script = (call: string): string => `return await ${call}.catch(({ code }) => code)`;
    expect(await run(script('some.half(4)'), setup)).toBe(2);
    expect(await run(script('some.half("4")'), setup)).toBe('API_CALL_INVALID');
    expect(await run(script('some.secret()'), setup)).toBe('PERMISSION_DENIED');
  });

  it('waits for the setup, within the deadline', async () => {
    expect(
      await run('return late', async (scope) => {
        await Promise.resolve();
        scope.define('late', 'in time');
      }),
    ).toBe('in time');
    const never = run('return 1', async () => new Promise(() => undefined), { limits: { timeoutMs: 500 } });
    expect((await runtimeErrorOf(never)).code).toBe('WALL_TIME_LIMIT_EXCEEDED');
  });

  it('waits for promises that are not of this realm, as those of query builders, within the deadline', async () => {
    const never = run('return 1', () => ({ then: () => undefined }) as never, { limits: { timeoutMs: 500 } });
    expect((await runtimeErrorOf(never)).code).toBe('WALL_TIME_LIMIT_EXCEEDED');
  });

  it('ends with what the setup throws, and gives the VM back', async () => {
    const failure = new Error('no database');
    await expect(
      run('return 1', () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    await until(() => runtime.pool.stats().available === 2);
  });

  it.each<[problem: string, setup: (scope: SetupScope) => void, message: RegExp]>([
    [
      'a name that is no identifier',
      (scope) => {
        scope.define('a-b', 1);
      },
      /a-b must be an identifier/,
    ],
    [
      'what every script has',
      (scope) => {
        scope.define('JSON', 1);
      },
      /JSON must be/,
    ],
    [
      'a global in the place of an API',
      (scope) => {
        scope.define('echo', 1);
      },
      /echo is taken/,
    ],
    [
      'a global in the place of another',
      (scope) => {
        scope.define('a', 1);
        scope.define('a', 2);
      },
      /a is taken/,
    ],
    [
      'a global in the place of an exposed namespace',
      (scope) => {
        scope.expose('a.b', () => 1);
        scope.define('a', 1);
      },
      /a is taken/,
    ],
    [
      'a namespace in the place of a global',
      (scope) => {
        scope.define('a', 1);
        scope.expose('a.b', () => 1);
      },
      /a\.b is taken/,
    ],
    [
      'a method in the place of another',
      (scope) => {
        scope.expose('echo.say', () => 1);
      },
      /echo\.say is taken/,
    ],
    [
      'a method without a namespace',
      (scope) => {
        scope.expose('say', () => 1);
      },
      /expose\(say\): must be namespace\.method/,
    ],
    [
      'a method with a namespace too many',
      (scope) => {
        scope.expose('a.b.c', () => 1);
      },
      /must be namespace\.method/,
    ],
    [
      'a cycle',
      (scope) => {
        const cycle = {} as { self?: never };
        cycle.self = cycle as never;
        scope.define('a', cycle);
      },
      /the value is not JSON/,
    ],
    [
      'what is not JSON',
      (scope) => {
        scope.define('a', undefined as never);
      },
      /a undefined is not JSON/,
    ],
    [
      'more than an input may have',
      (scope) => {
        scope.define('a', 'x'.repeat(1000));
      },
      /larger than 1000 bytes/,
    ],
  ])('refuses %s', async (_, setup, message) => {
    const error = await runtimeErrorOf(run('return 1', setup));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toMatch(message);
  });

  it('takes nothing from a scope whose setup is over', async () => {
    let kept: SetupScope | undefined;
    await run('return 1', (scope) => {
      kept = scope;
    });
    expect(() => kept?.define('late', 1)).toThrow('of no use');
  });
});
