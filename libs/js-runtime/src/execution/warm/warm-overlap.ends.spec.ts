import { jest } from '@jest/globals';
import { BODY, codeOf, numbers, Overlapping } from '../../../test-support/overlapping.ts';
import { until } from '../../../test-support/start-runtime.ts';
import { InvocationLine } from '../../process/invocation-line.ts';

const overlapping = new Overlapping();
const { start, warm, called } = overlapping;

describe('Invocations of a function that overlap', () => {
  it('end by their own deadline, and nothing else does', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const hasty = codeOf(warm(BODY, { input: 'hasty', limits: { timeoutMs: 2000 } }));
    const others = numbers(7).map(async (n) => warm(BODY, { input: n }));
    const calls = await called(8);
    await expect(hasty).resolves.toBe('WALL_TIME_LIMIT_EXCEEDED');
    for (const { answer } of calls) answer.resolve(1);
    await expect(Promise.all(others.map(codeOf))).resolves.toEqual(Array(7).fill('OK'));
    expect(calls.filter(({ signal }) => signal.aborted).map(({ input }) => input)).toEqual(['hasty']);
    // They have their VM, and their isolate.
    await expect(warm(BODY, { input: 'warm' })).resolves.toMatchObject({ vmId: 'vm-1' });
    expect(overlapping.runtime.pool.stats()).toMatchObject({ created: 1, warm: { losses: 0, misses: 1 } });
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
    expect(overlapping.runtime.pool.stats()).toMatchObject({ created: 1, warm: { losses: 0, misses: 1 } });
  });

  it('go on when another one is stopped; those that have not begun are run anew, once', async () => {
    await start();
    await warm(BODY, { input: 'warm' });
    const hanging = codeOf(warm(BODY, { input: 'hanging', limits: { timeoutMs: 2000 } }));
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
      for (let n = 8; n < 13; n++) (await overlapping.held.made(n)).answer.resolve(1);
    })();
    await expect(Promise.all(behind.map(codeOf))).resolves.toEqual(Array(5).fill('OK'));
    await answered;
    const inputs = overlapping.held.calls.map(({ input }) => String(input));
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
    for (let n = 8; n < 11; n++) (await overlapping.held.made(n)).answer.resolve(1);
    await expect(Promise.all(behind)).resolves.toEqual(['OK', 'OK', 'OK']);
    expect(overlapping.held.calls).toHaveLength(11);
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

  it.each([
    ['is cancelled', 'CANCELLED', {}],
    ['runs out of time', 'WALL_TIME_LIMIT_EXCEEDED', { limits: { timeoutMs: 2000 } }],
  ])('cost others nothing when one %s while another computes', async (_, code, options) => {
    await start();
    await warm(BODY, { input: 'warm' });
    const cancelling = new AbortController();
    const ends = codeOf(warm(BODY, { input: 'ends', signal: cancelling.signal, ...options }));
    const others = ['computes', 'waits'].map(async (input) => warm(BODY, { input }));
    const [, computes, waits] = await called(3);
    // For longer than `ends` has.
    computes?.answer.resolve({ computeMs: 4000 });
    if (code === 'CANCELLED') cancelling.abort();
    await expect(ends).resolves.toBe(code);
    waits?.answer.resolve(1);
    await expect(Promise.all(others.map(codeOf))).resolves.toEqual(['OK', 'OK']);
    expect(overlapping.runtime.pool.stats()).toMatchObject({ created: 1, warm: { losses: 0, misses: 1 } });
  });

  it.each([
    ['calls and loops', 'call and hang'],
    ['loops', 'hang'],
  ])('are not to blame for one that %s', async (_, told) => {
    await start();
    const limits = { maxCpuMs: 200, timeoutMs: 20_000 };
    await warm(BODY, { input: 'warm' });
    const guilty = codeOf(warm(BODY, { input: 'guilty', limits }));
    const [call] = await called(1);
    const begun = jest.spyOn(InvocationLine.prototype, 'began');
    const innocent = codeOf(warm(BODY, { input: 'sleep', limits }));
    // It begins last.
    await until(() => begun.mock.calls.length === 1);
    begun.mockRestore();
    call?.answer.resolve(told);
    await expect(Promise.all([guilty, innocent])).resolves.toEqual(['CPU_TIME_LIMIT_EXCEEDED', 'VM_CRASHED']);
  });
});
