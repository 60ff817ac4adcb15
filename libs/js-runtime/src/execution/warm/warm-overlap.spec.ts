import { jest } from '@jest/globals';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import { EchoApi, HeldApi, type HeldCall } from '../../../test-support/sample-apis.ts';
import { InvocationLine } from '../../process/invocation-line.ts';
import { VmProcess } from '../../process/vm-process.ts';
import { startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import type { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../execute-options.ts';
import type { ExecutionResult } from '../execution-result.ts';

let runtime: TestRuntime;

async function start(options: JsRuntimeOptions = {}) {
  const one = { poolSize: 1, maxVms: 1, tenantQueueSize: 100, permissions: ['*'] };
  runtime = await startRuntime({ ...one, ...options }, {}, [HeldApi, EchoApi]);
}

afterEach(async () => runtime.close());

const warm = async (body: string, options: ExecuteOptions = {}, user = 'u'): Promise<ExecutionResult> =>
  runtime.runAs({ tenant: { id: 'acme' }, user: { id: user } }, body, { realm: 'warm', wrap: 'function', ...options });

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'OK',
    (error: unknown) => (error as JsRuntimeError).code,
  );

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
/** The calls of so many invocations, once all have been made. */
async function called(count: number): Promise<HeldCall[]> {
  const calls: HeldCall[] = [];
  while (calls.length < count) calls.push(await runtime.get(HeldApi).made(calls.length));
  return calls;
}

/** Waits for the test, or does what it is told to. */
const BODY = `
  const before = [input, context.user.id];
  console.log('before', input);
  if (input === 'warm') return;
  if (input === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
  const told = await held.patient(input);
  if (told === 'hang') for (;;);
  if (told === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
  if (told === 'burn') { const until = Date.now() + 50; while (Date.now() < until); }
  if (told === 'wait') await held.patient('again');
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  console.log('after', input, told);
  return [before, [input, context.user.id], told];`;

describe('Invocations of a function that wait', () => {
  it('overlap in one VM', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const all = numbers(8).map(async (n) => warm(BODY, { input: n }, `u${n}`));
    // Each goes on only when all have called.
    const calls = await called(8);
    for (const { input, answer } of calls.reverse()) answer.resolve(`to ${String(input)}`);
    const results = await Promise.all(all);
    expect(results.map(({ value }) => value)).toEqual(numbers(8).map((n) => [[n, `u${n}`], [n, `u${n}`], `to ${n}`]));
    expect(results.map(({ logs }) => logs.map(({ message }) => message))).toEqual(
      numbers(8).map((n) => [`before ${n}`, `after ${n} to ${n}`]),
    );
    expect(new Set(results.map(({ vmId }) => vmId)).size).toBe(1);
    expect(runtime.pool.stats()).toMatchObject({ created: 1, warm: { misses: 1, hits: 8 } });
  });

  it('overlap when it is a timer that they wait for', async () => {
    await start();
    const body = `await new Promise((resolve) => { setTimeout(resolve, input); })`;
    await warm(body, { input: 0 });
    const begun = jest.spyOn(InvocationLine.prototype, 'began');
    const cancelling = new AbortController();
    const { signal } = cancelling;
    const limits = { timeoutMs: 25_000 };
    const all = numbers(8).map(async () => codeOf(warm(body, { input: 60_000, limits, signal })));
    // Of each that begins beside others.
    await until(() => begun.mock.calls.length === 7);
    begun.mockRestore();
    cancelling.abort();
    await expect(Promise.all(all)).resolves.toEqual(Array(8).fill('CANCELLED'));
  });

  it('are no more at a time than may overlap', async () => {
    await start({ warmMaxOverlap: 3 });
    await warm(BODY, { input: 'warm' });
    const all = numbers(7).map(async (n) => warm(BODY, { input: n }));
    const { calls } = runtime.get(HeldApi);
    for (const [n, count] of [3, 4, 5, 6, 7, 7, 7].entries()) {
      await until(() => calls.length === count);
      calls[n]?.answer.resolve(n);
      await all[n];
    }
    expect(calls.map(({ input }) => input)).toEqual(numbers(7));
  });

  it('have state of their own', async () => {
    await start();
    const body = `
      globalThis.leak?.push?.(input);
      const leaked = Object.prototype.leak;
      try { Object.prototype.leak = input; } catch {}
      try { globalThis.leak = [input]; } catch {}
      await held.patient();
      return [leaked ?? null, typeof globalThis.leak];`;
    const first = warm(body, { input: 'first' });
    (await runtime.get(HeldApi).made(0)).answer.resolve(1);
    await first;
    const all = numbers(4).map(async (input) => warm(body, { input }));
    for (const { answer } of (await called(5)).slice(1)) answer.resolve(1);
    const values = (await Promise.all(all)).map(({ value }) => value);
    expect(values).toEqual(Array(4).fill([null, 'undefined']));
  });

  it('end by their own deadline, and nothing else does', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const hasty = codeOf(warm(BODY, { input: 'hasty', limits: { timeoutMs: 200 } }));
    const others = numbers(7).map(async (n) => warm(BODY, { input: n }));
    const calls = await called(8);
    await expect(hasty).resolves.toBe('WALL_TIME_LIMIT_EXCEEDED');
    for (const { answer } of calls) answer.resolve(1);
    await expect(Promise.all(others.map(codeOf))).resolves.toEqual(Array(7).fill('OK'));
    expect(calls.filter(({ signal }) => signal.aborted).map(({ input }) => input)).toEqual(['hasty']);
    // They have their VM, and their isolate.
    await expect(warm(BODY, { input: 'warm' })).resolves.toMatchObject({ vmId: 'vm-1' });
    expect(runtime.pool.stats()).toMatchObject({ created: 1, warm: { losses: 0, misses: 1 } });
  });

  it('can be cancelled while they wait, each for itself', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const cancelling = new AbortController();
    const cancelled = codeOf(warm(BODY, { input: 'cancelled', signal: cancelling.signal }));
    const others = numbers(7).map(async (n) => warm(BODY, { input: n }));
    const calls = await called(8);
    cancelling.abort();
    await expect(cancelled).resolves.toBe('CANCELLED');
    for (const { answer } of calls) answer.resolve(1);
    await expect(Promise.all(others.map(codeOf))).resolves.toEqual(Array(7).fill('OK'));
    expect(runtime.pool.stats()).toMatchObject({ created: 1, warm: { losses: 0, misses: 1 } });
  });

  it('can be cancelled while another one keeps their VM busy, which is ended', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const looks = jest.spyOn(VmProcess.prototype, 'enforceLimits');
    const usedMs = (): number => (looks.mock.contexts.at(-1) as VmProcess | undefined)?.cpuMs() ?? 0;
    const cancelling = new AbortController();
    const cancelled = codeOf(warm(BODY, { input: 'cancelled', signal: cancelling.signal }));
    const others = numbers(2).map(async (n) => codeOf(warm(BODY, { input: n })));
    const [, hangs] = await called(3);
    await until(() => usedMs() > 0);
    const before = usedMs();
    hangs?.answer.resolve('hang');
    await until(() => usedMs() > before + 50);
    looks.mockRestore();
    cancelling.abort();
    await expect(cancelled).resolves.toBe('CANCELLED');
    await expect(Promise.all(others)).resolves.toEqual(['VM_CRASHED', 'VM_CRASHED']);
  });

  it('go on when another one is stopped; those that have not begun are run anew, once', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const hanging = codeOf(warm(BODY, { input: 'hanging', limits: { timeoutMs: 300 } }));
    const others = numbers(7).map(async (n) => warm(BODY, { input: n }));
    const calls = await called(8);
    const behind = numbers(5).map(async (n) => warm(BODY, { input: 10 + n }));
    calls.find(({ input }) => input === 'hanging')?.answer.resolve('hang');
    await expect(hanging).resolves.toBe('WALL_TIME_LIMIT_EXCEEDED');
    for (const { answer } of calls) answer.resolve(1);
    const codes = await Promise.all(others.map(codeOf));
    // What is thrown in their isolate then may be the interrupt of the other; then they say so.
    expect(codes.every((code) => code === 'OK' || code === 'VM_CRASHED')).toBe(true);
    const answered = (async () => {
      for (let n = 8; n < 13; n++) (await runtime.get(HeldApi).made(n)).answer.resolve(1);
    })();
    await expect(Promise.all(behind.map(codeOf))).resolves.toEqual(Array(5).fill('OK'));
    await answered;
    const inputs = runtime.get(HeldApi).calls.map(({ input }) => String(input));
    expect(inputs).toHaveLength(13);
    expect(new Set(inputs).size).toBe(13);
  });

  it('fail with what their VM has ended for only if that is theirs, and those that have not begun are run elsewhere', async () => {
    await start();
    const limits = { maxMemoryMb: 16 };
    await warm(BODY, { input: 'warm', limits });
    const filling = codeOf(warm(BODY, { input: 'filling', limits }));
    const others = numbers(7).map(async (n) => codeOf(warm(BODY, { input: n, limits })));
    const calls = await called(8);
    const behind = numbers(3).map(async (n) => codeOf(warm(BODY, { input: 10 + n, limits })));
    calls.find(({ input }) => input === 'filling')?.answer.resolve('fill');
    await expect(filling).resolves.toBe('MEMORY_LIMIT_EXCEEDED');
    await expect(Promise.all(others)).resolves.toEqual(Array(7).fill('VM_CRASHED'));
    for (let n = 8; n < 11; n++) (await runtime.get(HeldApi).made(n)).answer.resolve(1);
    await expect(Promise.all(behind)).resolves.toEqual(['OK', 'OK', 'OK']);
    expect(runtime.get(HeldApi).calls).toHaveLength(11);
  });

  it('are told what they have used themselves', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const burning = warm(BODY, { input: 'burning' });
    const waiting = numbers(3).map(async (n) => warm(BODY, { input: n }));
    for (const { input, answer } of await called(4)) answer.resolve(input === 'burning' ? 'burn' : 1);
    const burnt = (await burning).usage.cpuMs;
    for (const { usage } of await Promise.all(waiting)) expect(usage.cpuMs).toBeLessThan(burnt / 2);
  });

  it('that burn CPU are stopped while others wait', async () => {
    await start();
    const limits = { maxCpuMs: 200, timeoutMs: 20_000 };
    await warm(BODY, { input: 'warm' });
    const hanging = warm(BODY, { input: 'hanging', limits });
    const others = numbers(3).map(async (n) => codeOf(warm(BODY, { input: n, limits })));
    const calls = await called(4);
    calls.find(({ input }) => input === 'hanging')?.answer.resolve('hang');
    await expect(codeOf(hanging)).resolves.toBe('CPU_TIME_LIMIT_EXCEEDED');
    await expect(Promise.all(others)).resolves.toEqual(Array(3).fill('VM_CRASHED'));
  });

  it('wait for each other where none may overlap, as modules do', async () => {
    await start({ poolSize: 1 });
    const module = `let n = 0; export default async (input) => { n++; await held.patient(input); return [input, n]; };`;
    const first = warm(module, { wrap: 'module', input: 'first' });
    (await runtime.get(HeldApi).made(0)).answer.resolve(1);
    await first;
    const all = numbers(3).map(async (input) => warm(module, { wrap: 'module', input }));
    const values: unknown[] = [];
    for (const n of numbers(3)) {
      const call = await runtime.get(HeldApi).made(n + 1);
      expect(runtime.get(HeldApi).calls).toHaveLength(n + 2);
      call.answer.resolve(1);
      values.push((await all[n])?.value);
    }
    expect(values).toEqual(numbers(3).map((n) => [n, n + 2]));
  });
});
