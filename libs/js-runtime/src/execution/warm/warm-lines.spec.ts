import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ClsService } from 'nestjs-cls';
import { ContributesContext, type ContextContributor } from '../../bridge/context-contributor.ts';
import { ScriptApi } from '../../host-api/script-api.decorator.ts';
import { ScriptMethod } from '../../host-api/script-method.decorator.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import { EchoApi, HeldApi, type HeldCall } from '../../../test-support/sample-apis.ts';
import { startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import type { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import type { ExecutionResult } from '../execution-result.ts';
import { LineDepth } from './line-depth.ts';

@ScriptApi('who')
@Injectable()
class WhoApi {
  constructor(private readonly cls: ClsService<{ locale?: string }>) {}

  @ScriptMethod()
  locale(): string | undefined {
    return this.cls.get('locale');
  }
}

@ContributesContext('locale')
@Injectable()
class LocaleContributor implements ContextContributor {
  constructor(private readonly cls: ClsService<{ locale?: string }>) {}

  contribute(): string | undefined {
    return this.cls.get('locale');
  }
}

let runtime: TestRuntime;

async function start(options: JsRuntimeOptions = {}, providers: Parameters<typeof startRuntime>[2] = []) {
  const all = [HeldApi, EchoApi, ...providers];
  // One that waits keeps others waiting.
  const alone = { poolSize: 1, maxVms: 1, permissions: ['*'] };
  runtime = await startRuntime({ ...alone, ...options }, {}, all);
}

afterEach(async () => {
  jest.restoreAllMocks();
  await runtime.close();
});

const warm = async (body: string, options: ExecuteOptions = {}, user = 'u'): Promise<ExecutionResult> =>
  runtime.runAs({ tenant: { id: 'acme' }, user: { id: user } }, body, { realm: 'warm', wrap: 'function', ...options });

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'OK',
    (error: unknown) => (error as JsRuntimeError).code,
  );

/** Waits where it is told to, and else says for whom it was called. */
const BODY = `if (input === 'wait') await held.stubborn(); return [input, context.user.id];`;

/** So that it is known to take next to nothing. */
async function callOften(): Promise<void> {
  for (let n = 0; n < 60; n++) await warm(BODY, { input: n });
}

async function begun(): Promise<HeldCall> {
  return runtime.get(HeldApi).made(0);
}

describe('Invocations of warm realms', () => {
  it('behind one that is busy for long are cancelled, and late, when they are, not when that is done', async () => {
    await start();
    const body = 'const until = Date.now() + input; while (Date.now() < until); return input;';
    for (let n = 0; n < 60; n++) await warm(body, { input: 0 });
    const controller = new AbortController();
    const order: string[] = [];
    const noted = async (name: string, work: Promise<unknown>): Promise<void> => {
      order.push(`${name} ${await codeOf(work)}`);
    };
    const busy = noted('busy', warm(body, { input: 1500 }));
    const late = noted('late', warm(body, { input: 0, limits: { timeoutMs: 50 } }));
    const cancelled = noted('cancelled', warm(body, { input: 0, signal: controller.signal }));
    const last = noted('last', warm(body, { input: 0 }));
    await late;
    controller.abort();
    await Promise.all([busy, cancelled, last]);
    expect(order).toEqual(['late POOL_EXHAUSTED', 'cancelled CANCELLED', 'busy OK', 'last OK']);
    expect(runtime.pool.stats().destroyed).toBe(0);
  });

  it('with large inputs are not all sent ahead: that would be the memory of the one that runs', async () => {
    await start({ tenantQueueSize: 1000 });
    const body = 'return input.length;';
    for (let n = 0; n < 60; n++) await warm(body, { input: '' });
    const input = 'x'.repeat(1_000_000);
    const codes = await Promise.all(Array.from({ length: 120 }, async () => codeOf(warm(body, { input }))));
    expect(codes).toEqual(Array(120).fill('OK'));
    expect(runtime.pool.stats().destroyed).toBe(0);
  });

  it('call host APIs, and have contributions, where their own caller is', async () => {
    await start({}, [WhoApi, LocaleContributor]);
    const cls = runtime.get(ClsService);
    const body = `return [await who.locale(), context.locale, context.user.id, context.executionId];`;
    const callFrom = async (n: number): Promise<unknown> =>
      runtime.tenancy.runAs({ tenant: { id: 'acme' }, user: { id: `u${n}` } }, async () => {
        cls.set('locale', `l${n}`);
        const options = { realm: 'warm', wrap: 'function', executionId: `e${n}` } as const;
        return (await runtime.executions.execute(body, options)).value;
      });
    const values = await Promise.all(Array.from({ length: 40 }, async (_, n) => callFrom(n)));
    expect(values).toEqual(Array.from({ length: 40 }, (_, n) => [`l${n}`, `l${n}`, `u${n}`, `e${n}`]));
  });

  it('have their own context when they were asked back and come again', async () => {
    await start();
    await callOften();
    const waiting = warm(BODY, { input: 'wait' }, 'first');
    const call = await begun();
    const behind = Array.from({ length: 5 }, async (_, n) => warm(BODY, { input: n }, 'second'));
    await until(() => runtime.pool.stats().warm.waiting > 0);
    call.answer.resolve(1);
    await expect(waiting).resolves.toMatchObject({ value: ['wait', 'first'] });
    const values = (await Promise.all(behind)).map(({ value }) => value);
    expect(values).toEqual([0, 1, 2, 3, 4].map((n) => [n, 'second']));
  });

  it('are run elsewhere when they are behind one that takes long', async () => {
    await start({ poolSize: 2, maxVms: 2 });
    await callOften();
    const waiting = warm(BODY, { input: 'wait' });
    const call = await begun();
    const behind = await Promise.all(Array.from({ length: 10 }, async (_, n) => warm(BODY, { input: n })));
    expect(behind.map(({ value }) => value)).toEqual(Array.from({ length: 10 }, (_, n) => [n, 'u']));
    call.answer.resolve(1);
    await waiting;
  });

  it('that wait are counted for their tenant, whichever functions they are of', async () => {
    await start({ tenantConcurrency: 1, tenantQueueSize: 2 });
    const waiting = warm(BODY, { input: 'wait' });
    const call = await begun();
    const queued = [warm(BODY, { input: 1 }), warm(`${BODY}//`, { input: 2 })];
    await until(() => runtime.pool.stats().warm.waiting === 2);
    for (const body of [BODY, `${BODY}//`, 'return 1']) {
      await expect(codeOf(warm(body))).resolves.toBe('TENANT_BUSY');
    }
    await expect(codeOf(runtime.run('1'))).resolves.toBe('TENANT_BUSY');
    call.answer.resolve(1);
    await expect(Promise.all([waiting, ...queued].map(codeOf))).resolves.toEqual(['OK', 'OK', 'OK']);
    await until(() => runtime.pool.stats().inUse === 0);
    expect(runtime.pool.stats()).toMatchObject({ waiting: 0, warm: { waiting: 0 } });
  });

  it('have each their own deadline, also behind one that has more time', async () => {
    await start({ tenantConcurrency: 1 });
    const waiting = warm(BODY, { input: 'wait' });
    const call = await begun();
    const patient = warm(BODY, { input: 1 });
    const hasty = warm(BODY, { input: 2, limits: { timeoutMs: 30 } });
    await expect(codeOf(hasty)).resolves.toBe('TENANT_BUSY');
    call.answer.resolve(1);
    await expect(Promise.all([waiting, patient].map(codeOf))).resolves.toEqual(['OK', 'OK']);
  });

  it('give their VM back when the last of them was asked back, and is not wanted any more', async () => {
    await start();
    const body = `if (input > 0) for (const end = Date.now() + input; Date.now() < end;); return input;`;
    jest.spyOn(LineDepth.prototype, 'most', 'get').mockReturnValue(64);
    await warm(body, { input: 0 });
    // In a loop it does not read that the other is wanted back; that comes back behind its answer.
    const long = warm(body, { input: 300 });
    const behind = codeOf(warm(body, { input: 0, limits: { timeoutMs: 100 } }));
    // It waits for the VM before that is idle.
    const ofAnother = codeOf(runtime.runAs('globex', '1', { limits: { timeoutMs: 5000 } }));
    await long;
    await expect(behind).resolves.not.toBe('OK');
    await expect(ofAnother).resolves.toBe('OK');
  });

  it('are refused when the pool drains, and those that run may end', async () => {
    await start({ tenantConcurrency: 1 });
    const waiting = warm(BODY, { input: 'wait' });
    const call = await begun();
    const queued = codeOf(warm(BODY, { input: 1 }));
    await until(() => runtime.pool.stats().warm.waiting === 1);
    const drained = runtime.pool.drain();
    await expect(queued).resolves.toBe('SHUTTING_DOWN');
    await expect(codeOf(warm(BODY, { input: 2 }))).resolves.toBe('SHUTTING_DOWN');
    call.answer.resolve(1);
    await expect(codeOf(waiting)).resolves.toBe('OK');
    await drained;
  });

  it('may call with as much as their limit says', async () => {
    await start({ maxApiArgumentBytes: 900_000 });
    const limits = { maxResultBytes: 1000, maxLogBytes: 1000, maxLogEntries: 1 };
    const body = `return (await echo.say('x'.repeat(input))).length;`;
    for (const input of [1, 2, 800_000]) {
      await expect(warm(body, { input, limits })).resolves.toMatchObject({ value: input });
    }
  });

  it('go on while their realm is replaced for its uses', async () => {
    await start({ warmMaxUses: 3, tenantQueueSize: 1000 });
    const module = 'let n = 0; export default async (input) => { n++; await echo.say(1); return [input, n]; };';
    const inputs = Array.from({ length: 50 }, (_, n) => n);
    const results = await Promise.all(inputs.map(async (input) => warm(module, { wrap: 'module', input })));
    const values = results.map(({ value }) => value as [number, number]);
    expect(values.map(([input]) => input)).toEqual(inputs);
    expect(Math.max(...values.map(([, n]) => n))).toBe(3);
    expect(runtime.pool.stats().warm.evictions.uses).toBeGreaterThan(10);
  });

  it('are not blamed for one before them that takes all memory', async () => {
    await start();
    const body = `if (input === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); } return input;`;
    const limits = { maxMemoryMb: 16 };
    for (let n = 0; n < 60; n++) await warm(body, { input: n, limits });
    const filling = warm(body, { input: 'fill', limits });
    const others = Array.from({ length: 10 }, async (_, input) => warm(body, { input, limits }));
    await expect(codeOf(filling)).resolves.toBe('MEMORY_LIMIT_EXCEEDED');
    const values = (await Promise.all(others)).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: 10 }, (_, n) => n));
  });

  it('of one that was cancelled before it began are none, and leave nothing', async () => {
    await start();
    await expect(codeOf(warm(BODY, { signal: AbortSignal.abort() }))).resolves.toBe('CANCELLED');
    await expect(warm(BODY, { input: 1 })).resolves.toMatchObject({ value: [1, 'u'] });
  });

  it('start anew when their realm has kept much, and are counted', async () => {
    await start();
    const module = `
      const kept = [];
      export default () => { kept.push(new Array(20_000).fill(0.5)); return kept.length; };`;
    const lengths: number[] = [];
    for (let n = 0; n < 400; n++) lengths.push((await warm(module, { wrap: 'module' })).value as number);
    expect(Math.max(...lengths)).toBeLessThan(300);
    const { hits, misses, losses, kept } = runtime.pool.stats().warm;
    expect(hits).toBeGreaterThan(350);
    expect({ hitsAndMisses: hits + misses, kept }).toEqual({ hitsAndMisses: 400 + losses, kept: 1 });
    expect(losses).toBeGreaterThan(0);
    expect(runtime.pool.stats().destroyed).toBe(0);
  });

  it.each([
    ['arrays', 'new Array(131_072).fill(0.5)'],
    ['buffers', 'new Uint8Array(1_000_000).fill(1)'],
    ['texts', "'x'.repeat(1_000_000).toUpperCase()"],
    ['objects', 'Array.from({ length: 20_000 }, (_, n) => ({ n }))'],
  ])('start anew before %s of 1 MB each are more than they may have', async (_, megabyte) => {
    await start();
    const module = `const kept = []; export default () => kept.push(${megabyte});`;
    const lengths: number[] = [];
    for (let n = 0; n < 150; n++) {
      lengths.push((await warm(module, { wrap: 'module', limits: { maxMemoryMb: 64 } })).value as number);
    }
    expect(Math.max(...lengths)).toBeGreaterThan(20);
    expect(Math.max(...lengths)).toBeLessThan(64);
  });

  it('keep a realm that leaves half of their memory, also when their VM was given back', async () => {
    await start();
    const module = `
      const table = Array.from({ length: 20 }, () => new Array(131_072).fill(0.5));
      let n = 0;
      export default () => [table.length, ++n];`;
    const limits = { maxMemoryMb: 64 };
    for (let n = 1; n <= 150; n++) {
      await expect(warm(module, { wrap: 'module', limits })).resolves.toMatchObject({ value: [20, n] });
      if (n % 50 === 1) await until(() => runtime.pool.stats().available === 1);
    }
    expect(runtime.pool.stats()).toMatchObject({ destroyed: 0, warm: { misses: 1 } });
  });

  it('keep their realm when all they leave is garbage', async () => {
    await start();
    const module = `let n = 0; export default () => { new Array(20_000).fill(0.5).map((x) => x + n); return ++n; };`;
    for (let n = 1; n <= 1000; n++) await expect(warm(module, { wrap: 'module' })).resolves.toMatchObject({ value: n });
  });
});

describe('Prepared functions of one source', () => {
  it('share their realm, which goes with the last of them', async () => {
    await start();
    await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () => {
      const source = 'let n = 0; export default () => ++n;';
      const [one, other] = [
        await runtime.executions.prepare(source, { wrap: 'module' }),
        await runtime.executions.prepare(source, { wrap: 'module' }),
      ];
      await one.invoke();
      await one.dispose();
      await expect(other.invoke()).resolves.toMatchObject({ value: 2 });
      await other.dispose();
      const again = await runtime.executions.prepare(source, { wrap: 'module' });
      await expect(again.invoke()).resolves.toMatchObject({ value: 1 });
    });
  });
});
