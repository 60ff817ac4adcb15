import { jest } from '@jest/globals';
import { BODY, codeOf, numbers, Overlapping } from '../../../test-support/overlapping.ts';
import { until } from '../../../test-support/start-runtime.ts';
import { InvocationLine } from '../../process/invocation-line.ts';

const overlapping = new Overlapping();
const { start, warm, called } = overlapping;

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
    const { created, warm: realms } = overlapping.runtime.pool.stats();
    expect({ created, misses: realms.misses }).toEqual({ created: 1, misses: 1 });
    // One that was asked back is sent once more.
    expect(realms.hits).toBeGreaterThanOrEqual(8);
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
    const { calls } = overlapping.held;
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
    (await overlapping.held.made(0)).answer.resolve(1);
    await first;
    const all = numbers(4).map(async (input) => warm(body, { input }));
    for (const { answer } of (await called(5)).slice(1)) answer.resolve(1);
    const values = (await Promise.all(all)).map(({ value }) => value);
    expect(values).toEqual(Array(4).fill([null, 'undefined']));
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

  it('wait for each other where none may overlap, as modules do', async () => {
    await start({ poolSize: 1 });
    const module = `let n = 0; export default async (input) => { n++; await held.patient(input); return [input, n]; };`;
    const first = warm(module, { wrap: 'module', input: 'first' });
    (await overlapping.held.made(0)).answer.resolve(1);
    await first;
    const all = numbers(3).map(async (input) => warm(module, { wrap: 'module', input }));
    const values: unknown[] = [];
    for (const n of numbers(3)) {
      const call = await overlapping.held.made(n + 1);
      expect(overlapping.held.calls).toHaveLength(n + 2);
      call.answer.resolve(1);
      values.push((await all[n])?.value);
    }
    expect(values).toEqual(numbers(3).map((n) => [n, n + 2]));
  });
});
