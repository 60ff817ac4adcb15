import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { HeldApi } from '../../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import { ContributesContext } from '../../bridge/context-contributor.ts';
import { LineDepth } from './line-depth.ts';
import { InvocationLine } from '../../process/invocation-line.ts';
import type { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import type { ExecutionResult } from '../execution-result.ts';

const FUNCTION = { realm: 'warm', wrap: 'function' } as const;
const COUNTER = 'let n = 0; export default (input) => { n += input ?? 1; return n; };';

/** What is asked of it, it says when the test lets it. */
@ContributesContext('plan')
@Injectable()
class SlowPlan {
  static readonly asked: PromiseWithResolvers<string>[] = [];

  async contribute(): Promise<string> {
    const answer = Promise.withResolvers<string>();
    SlowPlan.asked.push(answer);
    return answer.promise;
  }
}

describe('Executions in warm realms, of an application that contributes to contexts', () => {
  let runtime: TestRuntime;

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, tenantConcurrency: 3, tenantQueueSize: 5 }, {}, [SlowPlan]);
  });

  afterEach(async () => {
    await runtime.close();
  });

  it('ask it for as many as may run and wait, and refuse the others before', async () => {
    const run = async (): Promise<unknown> => runtime.run('return context.plan;', FUNCTION);
    const all = Promise.allSettled(Array.from({ length: 20 }, run));
    await until(() => SlowPlan.asked.length > 0);
    for (const answer of SlowPlan.asked) answer.resolve('gold');
    const refused = (await all).flatMap((one) => (one.status === 'rejected' ? [one.reason as JsRuntimeError] : []));
    expect(SlowPlan.asked).toHaveLength(8);
    expect(refused).toHaveLength(12);
    expect(refused.every(({ code }) => code === 'TENANT_BUSY' || code === 'POOL_EXHAUSTED')).toBe(true);
  });
});

describe('Executions in warm realms', () => {
  let runtime: TestRuntime;

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, tenantQueueSize: 1000 });
  });

  afterEach(async () => {
    await runtime.close();
  });

  const warm = async (body: string, options: ExecuteOptions = {}): Promise<ExecutionResult> =>
    runtime.run(body, { realm: 'warm', wrap: 'function', ...options });
  const valueOf = async (body: string, options: ExecuteOptions = {}): Promise<unknown> =>
    (await warm(body, options)).value;
  const errorOf = async (body: string, options: ExecuteOptions = {}): Promise<unknown> =>
    runtime.errorOf(body, { realm: 'warm', wrap: 'function', ...options });

  it('come to what they come to in a fresh realm, with each its own input and context', async () => {
    const body = 'return { n: input.n + 1, tenant: context.tenant.id, id: context.executionId };';
    for (let n = 1; n <= 5; n++) {
      const result = await warm(body, { input: { n }, executionId: `run-${n}` });
      expect(result).toMatchObject({ value: { n: n + 1, tenant: 'acme', id: `run-${n}` }, logs: [] });
      expect(result.usage).toMatchObject({ inputBytes: 7, apiCalls: 0, compile: n === 1 ? 'miss' : 'hit' });
    }
  });

  it('keep what a module has, and nothing of a function', async () => {
    const values: unknown[] = [];
    for (let n = 0; n < 3; n++) values.push(await valueOf(COUNTER, { wrap: 'module', input: 2 }));
    expect(values).toEqual([2, 4, 6]);
    const body = 'arguments.callee.left = 1; globalThis.left ??= 0; let n = 0; return [++n, typeof left];';
    await expect(errorOf(`"use strict"; ${body}`)).resolves.toMatchObject({ code: 'SCRIPT_ERROR' });
    expect([await valueOf(body), await valueOf(body)]).toEqual([
      [1, 'undefined'],
      [1, 'undefined'],
    ]);
  });

  it('of another tenant, or another source, have another realm', async () => {
    const inModule = { realm: 'warm', wrap: 'module' } as const;
    await runtime.runAs('acme', COUNTER, inModule);
    await expect(runtime.runAs('globex', COUNTER, inModule)).resolves.toMatchObject({ value: 1 });
    await expect(runtime.runAs('globex', `${COUNTER} `, inModule)).resolves.toMatchObject({ value: 1 });
  });

  it('may be many at once', async () => {
    const inputs = Array.from({ length: 300 }, (_, n) => n);
    const values = await Promise.all(inputs.map(async (input) => valueOf('return input * 2;', { input })));
    expect(values).toEqual(inputs.map((n) => 2 * n));
  });

  it('do not clear timers of later ones by ids that a module has kept', async () => {
    const source = `
      let last;
      export default () => new Promise((resolve) => {
        const timer = setTimeout(() => resolve('slept'), 1);
        clearTimeout(last);
        last = timer;
      });`;
    for (let n = 0; n < 3; n++) await expect(valueOf(source, { wrap: 'module' })).resolves.toBe('slept');
  });

  it('wait for timers and promises, each for its own', async () => {
    const body = `
      setTimeout(() => { console.log('late of ' + input); }, 5);
      if (input === 1) return 'first';
      return new Promise((resolve) => { setTimeout(() => resolve('second'), 20); });`;
    await expect(warm(body, { input: 1 })).resolves.toMatchObject({ value: 'first', logs: [] });
    const second = await warm(body, { input: 2 });
    expect(second).toMatchObject({ value: 'second', logs: [{ message: 'late of 2' }] });
  });

  it('do not get what another has left pending', async () => {
    const module = `
      let wake;
      export default async (input) => {
        if (input === 1) { queueMicrotask(() => { throw new Error('of the first'); }); await new Promise((resolve) => { wake = resolve; }); return 'of the first'; }
        wake();
        await null;
        await null;
        return 'of the second';
      };`;
    await expect(errorOf(module, { wrap: 'module', input: 1 })).resolves.toMatchObject({ code: 'SCRIPT_ERROR' });
    await expect(valueOf(module, { wrap: 'module', input: 2 })).resolves.toBe('of the second');
  });

  it('log for themselves', async () => {
    const body = 'console.log("of", input); return input;';
    for (const input of [1, 2, 3]) {
      await expect(warm(body, { input })).resolves.toMatchObject({ logs: [{ level: 'log', message: `of ${input}` }] });
    }
  });

  it.each([
    ['a function', '', 'return 1;'],
    ['an async function', 'async ', 'return 1;'],
    ['a function that has logged', '', "console.log('early'); return 1;"],
    ['a function that throws', '', "throw new Error('thrown');"],
    [
      'an async function that waits',
      'async ',
      'await new Promise((resolve) => { setTimeout(resolve, 1); }); return 1;',
    ],
  ])('log what microtasks of %s log, as in a fresh realm', async (_, async, body) => {
    const module = `
      const later = async (input) => { for (let n = 0; n < 20; n++) await n; console.log('late of ' + input); };
      export default ${async}(input) => { void later(input); ${body} };`;
    const logOf = async (realm: 'fresh' | 'warm', input: number): Promise<unknown> => {
      const { logs } = await runtime
        .run(module, { realm, wrap: 'module', input })
        .catch((error: unknown) => error as JsRuntimeError);
      return logs?.map(({ message }) => message);
    };
    for (const input of [1, 2, 3]) {
      const fresh = await logOf('fresh', input);
      expect(fresh).toContain(`late of ${input}`);
      await expect(logOf('warm', input)).resolves.toEqual(fresh);
    }
  });

  it('log nothing that another has left to be logged', async () => {
    const module = `
      const leave = async () => { for (let n = 0; n < 20; n++) await n; console.log('late'); };
      export default (input) => { if (input === 1) void leave(); return input; };`;
    for (const [input, count] of [
      [1, 1],
      [2, 0],
      [1, 1],
      [3, 0],
    ]) {
      const { logs } = await warm(module, { wrap: 'module', input });
      expect(logs).toHaveLength(count as number);
    }
  });

  it('are told what they use, before they wait and afterwards', async () => {
    const work = 'let n = 0; while (n < 5e7) n++;';
    const wait = 'await new Promise((resolve) => { setTimeout(resolve, 1); });';
    for (const body of [`${work} ${wait}`, `${wait} ${work}`]) {
      await warm(`if (input) { ${body} }`);
      const { usage } = await warm(`if (input) { ${body} }`, { input: 1 });
      expect(usage.cpuMs).toBeGreaterThan(5);
    }
  });

  it('fail as they do in a fresh realm, and are called again', async () => {
    const body = 'if (input === 2) throw new RangeError("two");\nreturn input;';
    await expect(valueOf(body, { input: 1 })).resolves.toBe(1);
    await expect(errorOf(body, { input: 2, name: 'rule.js' })).resolves.toMatchObject({
      code: 'SCRIPT_ERROR',
      details: { error: { name: 'RangeError', message: 'two', file: 'rule.js', line: 1 } },
    });
    await expect(valueOf(body, { input: 3 })).resolves.toBe(3);
    await expect(errorOf('return () => 1')).resolves.toMatchObject({ code: 'RESULT_NOT_SERIALIZABLE' });
    await expect(errorOf('return (')).resolves.toMatchObject({ code: 'COMPILATION_FAILED' });
  });

  it('are refused as classic scripts', async () => {
    await expect(errorOf('1', { wrap: 'script' })).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(errorOf('1', { realm: 'hot' as 'warm' })).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('are refused with a setup function, which is told what to use', async () => {
    let isSetUp = false;
    const run = runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.executions.executeWithSetup(
        'return rates',
        () => {
          isSetUp = true;
        },
        FUNCTION,
      ),
    );
    const { code, message } = await runtimeErrorOf(run);
    expect(code).toBe('INVALID_REQUEST');
    expect(message).toContain("realm: 'fresh'");
    expect(message).toContain('@ScriptApi');
    expect(message).toContain('@ContributesContext');
    expect(isSetUp).toBe(false);
  });

  describe('that exceed a limit', () => {
    const body = `
      if (input === 'hang') for (;;);
      if (input === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
      if (input === 'wait') await new Promise(() => {});
      if (input === 'large') return 'x'.repeat(100_000);
      return input;`;

    // The others have the same realm, but not so little time.
    it.each([
      ['hang', { timeoutMs: 1000 }, {}, 'WALL_TIME_LIMIT_EXCEEDED'],
      ['hang', { maxCpuMs: 300 }, {}, 'CPU_TIME_LIMIT_EXCEEDED'],
      ['wait', { timeoutMs: 1000 }, {}, 'WALL_TIME_LIMIT_EXCEEDED'],
      ['fill', { maxMemoryMb: 16 }, { maxMemoryMb: 16 }, 'MEMORY_LIMIT_EXCEEDED'],
      ['large', { maxResultBytes: 1000 }, { maxResultBytes: 1000 }, 'RESULT_TOO_LARGE'],
    ])('%s, with %o: are ended, and the next are called', async (input, limits, ofOthers, code) => {
      await expect(valueOf(body, { input: 1, limits: ofOthers })).resolves.toBe(1);
      await expect(errorOf(body, { input, limits })).resolves.toMatchObject({ code });
      await expect(valueOf(body, { input: 2, limits: ofOthers })).resolves.toBe(2);
    });

    it('do not harm those behind them', async () => {
      for (let n = 0; n < 20; n++) await valueOf(body, { input: n });
      const hanging = errorOf(body, { input: 'hang', limits: { timeoutMs: 1000 } });
      const others = Array.from({ length: 20 }, async (_, input) => valueOf(body, { input }));
      await expect(hanging).resolves.toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED' });
      await expect(Promise.all(others)).resolves.toEqual(Array.from({ length: 20 }, (_, n) => n));
    });
  });

  it('have each its own context, also those that were asked back from behind one that takes long', async () => {
    const body = 'const until = Date.now() + input; while (Date.now() < until); return context.user.id;';
    const idOf = async (user: string, input: number): Promise<unknown> => {
      const context = { tenant: { id: 'acme' }, user: { id: user } };
      return (await runtime.runAs(context, body, { realm: 'warm', wrap: 'function', input })).value;
    };
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 20 }, async () => idOf('a', 0)));
    const ids = [idOf('a', 100), ...['b', 'b', 'c', 'c', 'b'].map(async (user) => idOf(user, 0))];
    await expect(Promise.all(ids)).resolves.toEqual(['a', 'b', 'b', 'c', 'c', 'b']);
  });

  it('are cancelled, waiting or running', async () => {
    const body = 'await new Promise((resolve) => { setTimeout(resolve, input); }); return input;';
    await valueOf(body, { input: 1 });
    const controller = new AbortController();
    const running = errorOf(body, { input: 10_000, signal: controller.signal });
    await until(() => runtime.pool.stats().inUse === 1);
    const behind = errorOf(body, { input: 10_000, signal: controller.signal });
    const after = valueOf(body, { input: 1 });
    controller.abort();
    await expect(running).resolves.toMatchObject({ code: 'CANCELLED' });
    await expect(behind).resolves.toMatchObject({ code: 'CANCELLED' });
    await expect(after).resolves.toBe(1);
  });

  it('wait in a queue that has an end, also where they have no VM yet', async () => {
    const isRunning = until(() => runtime.pool.stats().inUse === 1);
    const controller = new AbortController();
    const running = runtime.errorOf('for (;;);', { signal: controller.signal });
    await isRunning;
    // Of ten functions, as there is one queue for all of a tenant.
    const waiting = Array.from({ length: 1100 }, async (_, n) =>
      warm(`return 1; // ${n % 10}`).then(() => 'OK', codeOf),
    );
    expect(new Set(await Promise.all(waiting.slice(1000)))).toEqual(new Set(['POOL_EXHAUSTED']));
    controller.abort();
    await expect(running).resolves.toMatchObject({ code: 'CANCELLED' });
    const accepted = (await Promise.all(waiting)).filter((code) => code === 'OK').length;
    // Those that ask for VMs for their functions wait in the pool's queue, too.
    expect([accepted > 900, accepted <= 1000]).toEqual([true, true]);
  });

  it('wait no longer than they may, whoever is before them', async () => {
    const controller = new AbortController();
    const running = runtime.errorOf('for (;;);', { signal: controller.signal, limits: { timeoutMs: 20_000 } });
    await until(() => runtime.pool.stats().inUse === 1);
    const first = warm('return 1;', { limits: { timeoutMs: 20_000 } });
    await expect(errorOf('return 1;', { limits: { timeoutMs: 50 } })).resolves.toMatchObject({
      code: 'POOL_EXHAUSTED',
    });
    controller.abort();
    await running;
    await expect(first).resolves.toMatchObject({ value: 1 });
  });

  it('give their VM to other tenants', async () => {
    let isOver = false;
    const keepCalling = async (): Promise<void> => {
      while (!isOver) await valueOf('return input;', { input: 1 });
    };
    const calling = Promise.all([keepCalling(), keepCalling(), keepCalling()]);
    for (let n = 0; n < 5; n++) await expect(runtime.runAs('globex', `${n}`)).resolves.toMatchObject({ value: n });
    isOver = true;
    await calling;
  });
});

function codeOf(error: unknown): string {
  return (error as JsRuntimeError).code;
}

describe('Calls of host APIs in warm realms', () => {
  let runtime: TestRuntime;

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1, permissions: ['*'] }, {}, [HeldApi]);
  });

  afterEach(async () => {
    await runtime.close();
  });

  const warm = async (body: string, input: unknown): Promise<ExecutionResult> =>
    runtime.run(body, { ...FUNCTION, input });

  it('are made for the invocation that makes them', async () => {
    const body = 'const a = await held.obedient(input); return [a, input];';
    for (let n = 0; n < 3; n++) {
      const invoked = warm(body, n);
      (await runtime.get(HeldApi).made(n)).answer.resolve(n + 100);
      await expect(invoked).resolves.toMatchObject({ value: [n + 100, n], usage: { apiCalls: 1 } });
    }
  });

  describe('behind one that takes long', () => {
    const body = 'if (input) await held.patient(input); return context.user.id;';
    const as = async (user: string, input?: unknown): Promise<unknown> =>
      (await runtime.runAs({ tenant: { id: 'acme' }, user: { id: user } }, body, { ...FUNCTION, input })).value;

    it.each([1, 2])('are not given its context, and run elsewhere where they can, of %d VMs', async (maxVms) => {
      await runtime.close();
      const alone = { poolSize: maxVms, maxVms, permissions: ['*'] };
      runtime = await startRuntime(alone, {}, [HeldApi]);
      const depth = jest.spyOn(LineDepth.prototype, 'most', 'get').mockReturnValue(64);
      const recalled = jest.spyOn(InvocationLine.prototype, 'recalled');
      await as('warmer');
      const slow = as('slow', 1);
      const others = Promise.all(Array.from({ length: 10 }, async () => as('other')));
      const { answer } = await runtime.get(HeldApi).made(0);
      await until(() => recalled.mock.calls.length > 0);
      if (maxVms > 1) await others;
      answer.resolve('');
      await expect(slow).resolves.toBe('slow');
      await expect(others).resolves.toEqual(Array(10).fill('other'));
      depth.mockRestore();
      recalled.mockRestore();
    });
  });

  it('that an invocation leaves are given up with it, and come to nothing in the next', async () => {
    const body = `
      const call = held.stubborn(input).then((value) => { console.log('came to ' + value); return value; });
      if (input !== 1) return call;
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      return 'gone';`;
    await expect(warm(body, 1)).resolves.toMatchObject({ value: 'gone' });
    const left = await runtime.get(HeldApi).made(0);
    expect(left.signal.aborted).toBe(true);
    const next = warm(body, 2);
    const made = await runtime.get(HeldApi).made(1);
    left.answer.resolve('left');
    made.answer.resolve('own');
    await expect(next).resolves.toMatchObject({
      value: 'own',
      logs: [{ message: 'came to own' }],
      usage: { apiCalls: 1 },
    });
  });
});

describe('A prepared function', () => {
  let runtime: TestRuntime;

  beforeEach(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1 });
  });

  afterEach(async () => {
    await runtime.close();
  });

  const asAcme = async <T>(work: () => Promise<T>): Promise<T> =>
    runtime.tenancy.runAs({ tenant: { id: 'acme' } }, work);

  it('is compiled once, called many times, and counted', async () => {
    await asAcme(async () => {
      const counter = await runtime.executions.prepare<number, number>(COUNTER, { wrap: 'module' });
      await expect(counter.invoke(2)).resolves.toMatchObject({ value: 2, usage: { compile: 'hit' } });
      await expect(counter.invoke(3)).resolves.toMatchObject({ value: 5 });
      await expect(counter.invoke(3, { limits: { nothing: 1 } as never })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
      expect(counter.stats()).toEqual({ invocations: 3, failures: 1, inFlight: 0 });
    });
  });

  it("is no other tenant's", async () => {
    const counter = await asAcme(async () => runtime.executions.prepare(COUNTER, { wrap: 'module' }));
    const invoked = runtime.tenancy.runAs({ tenant: { id: 'globex' } }, async () => counter.invoke());
    await expect(invoked).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('that does not compile, or cannot be kept, is refused at once', async () => {
    await asAcme(async () => {
      await expect(runtime.executions.prepare('return (', { wrap: 'function' })).rejects.toMatchObject({
        code: 'COMPILATION_FAILED',
      });
      await expect(runtime.executions.prepare('1', { wrap: 'script' as never })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
    });
  });

  it('is replaced without a failed call', async () => {
    await asAcme(async () => {
      const prepare = async (version: number) =>
        runtime.executions.prepare(`let n = 0; export default () => [${version}, ++n];`, { wrap: 'module' });
      const first = await prepare(1);
      const calls = Array.from({ length: 20 }, async () => first.invoke());
      const second = await prepare(2);
      const disposed = first.dispose();
      await expect(second.invoke()).resolves.toMatchObject({ value: [2, 1] });
      await disposed;
      expect((await Promise.all(calls)).map(({ value }) => value)).toEqual(
        Array.from({ length: 20 }, (_, n) => [1, n + 1]),
      );
      await expect(first.invoke()).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      const again = await prepare(1);
      await expect(again.invoke()).resolves.toMatchObject({ value: [1, 1] });
    });
  });
});
