import { EchoApi, HeldApi } from '../../test-support/sample-apis.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';

const FUNCTION = { wrap: 'function' } as const satisfies ExecuteOptions;

describe('Calls of host APIs within limits', () => {
  let runtime: TestRuntime;
  let echo: EchoApi;
  let held: HeldApi;

  beforeEach(async () => {
    runtime = await startRuntime({ permissions: ['*'], maxApiCallsInFlight: 100 }, {}, [EchoApi, HeldApi]);
    echo = runtime.get(EchoApi);
    held = runtime.get(HeldApi);
  });

  afterEach(async () => runtime.close());

  it('are under way at once up to the cap; the one beyond it is an error that says so', async () => {
    const script = `
      const calls = Array.from({ length: 101 }, (_, n) => held.stubborn(n).catch((error) => error.code));
      return await Promise.all(calls);`;
    const result = runtime.valueOf(script, FUNCTION);
    await held.made(99);
    for (const { input, answer } of held.calls.toReversed()) answer.resolve(input);
    expect(await result).toEqual([...Array(100).keys(), 'API_CALL_LIMIT_EXCEEDED']);
  });

  it('may be as many again when they have been answered', async () => {
    const script = `
      for (let n = 0; n < 5; n++) await Promise.all(Array.from({ length: 100 }, () => echo.say(1)));
      return 'done';`;
    expect(await runtime.run(script, FUNCTION)).toMatchObject({ value: 'done', usage: { apiCalls: 500 } });
  });

  it('end at maxApiCalls, exactly, whether the script catches that or not', async () => {
    const limits = { maxApiCalls: 3 };
    const script = 'let n = 0; try { for (;;) { await echo.say(1); n++; } } catch (error) { return [n, error.code]; }';
    expect(await runtime.valueOf(script, { ...FUNCTION, limits })).toEqual([3, 'API_CALL_LIMIT_EXCEEDED']);
    const error = await runtime.errorOf('for (;;) await echo.say(1);', { ...FUNCTION, limits });
    expect(error).toMatchObject({ code: 'API_CALL_LIMIT_EXCEEDED', usage: { apiCalls: 3 } });
    expect(echo.calls).toBe(6);
  });

  it('count by their cost', async () => {
    const script = `
      await echo.dear(); await echo.say();
      try { await echo.dear(); } catch (error) { return [error.code, await echo.say(2)]; }`;
    const result = await runtime.run(script, { ...FUNCTION, limits: { maxApiCalls: 10 } });
    expect(result).toMatchObject({ value: ['API_CALL_LIMIT_EXCEEDED', 2], usage: { apiCalls: 7 } });
  });

  it('count when they are refused', async () => {
    const script =
      'for (;;) try { await echo.secret(1); } catch (error) { if (error.code !== "API_CALL_INVALID") throw error; }';
    const error = await runtime.errorOf(script, { ...FUNCTION, limits: { maxApiCalls: 5 } });
    expect(error).toMatchObject({ code: 'API_CALL_LIMIT_EXCEEDED', usage: { apiCalls: 5 } });
  });

  it('have arguments of maxApiArgumentBytes and no more, counted in UTF-8', async () => {
    const limits = { maxApiArgumentBytes: 10 };
    const script = (text: string): string =>
      `return await echo.say(${JSON.stringify(text)}).catch(({ code, message }) => [code, message])`;
    expect(await runtime.valueOf(script('123456'), { ...FUNCTION, limits })).toBe('123456');
    expect(await runtime.valueOf(script('1234567'), { ...FUNCTION, limits })).toEqual([
      'API_CALL_INVALID',
      'echo.say: the arguments have 11 characters as JSON; allowed are 10 (maxApiArgumentBytes)',
    ]);
    expect(await runtime.valueOf(script('ééé'), { ...FUNCTION, limits })).toBe('ééé');
    expect(await runtime.valueOf(script('éééé'), { ...FUNCTION, limits })).toEqual([
      'API_CALL_INVALID',
      'echo.say: the arguments have 12 bytes as JSON; allowed are 10',
    ]);
  });

  it('have answers of maxApiResultBytes and no more', async () => {
    const limits = { maxApiResultBytes: 10 };
    expect(await runtime.valueOf('return await echo.say("12345678")', { ...FUNCTION, limits })).toBe('12345678');
    const error = await runtime.errorOf('await echo.say("123456789")', { ...FUNCTION, limits });
    expect(error).toMatchObject({ code: 'API_RESULT_TOO_LARGE', details: { error: { code: 'API_RESULT_TOO_LARGE' } } });
  });

  it('have as many values in their arguments as the method takes: a schema looks at each', async () => {
    const script = (values: number): string =>
      `return await echo.few(Array(${values}).fill(0)).then(({ length }) => length, ({ code, message }) => [code, message])`;
    // The list of arguments and the array are values, too.
    expect(await runtime.valueOf(script(9), FUNCTION)).toBe(9);
    expect(await runtime.valueOf(script(10), FUNCTION)).toEqual([
      'API_CALL_INVALID',
      'echo.few: the arguments have more than 10 values, or are nested more than 1000 deep',
    ]);
  });

  it('take arguments that are JSON', async () => {
    const script = `
      const cyclic = {}; cyclic.self = cyclic;
      const codes = [];
      for (const value of [cyclic, 1n, () => 1, Symbol('s'), { get a() { throw new Error('mine'); } }]) {
        await echo.say(value).catch((error) => codes.push(error.code));
      }
      return codes;`;
    expect(await runtime.valueOf(script, FUNCTION)).toEqual(Array(5).fill('API_CALL_INVALID'));
    expect(echo.calls).toBe(0);
  });

  it('are not made for a script that may make none', async () => {
    const error = await runtime.errorOf('echo.say(1)', { limits: { maxApiCalls: 0 } });
    expect([error.code, echo.calls]).toEqual(['API_CALL_LIMIT_EXCEEDED', 0]);
  });

  it('do not keep timers from running, nor timers them', async () => {
    const script = `
      let ticks = 0;
      const busy = setInterval(() => { ticks++; const end = Date.now() + 2; while (Date.now() < end); }, 1);
      const answer = await echo.say('answer');
      await new Promise((resolve) => setTimeout(resolve, 5));
      clearInterval(busy);
      return [answer, ticks > 0];`;
    expect(await runtime.valueOf(script, FUNCTION)).toEqual(['answer', true]);
  });
});
