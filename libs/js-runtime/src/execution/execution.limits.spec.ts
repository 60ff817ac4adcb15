import {
  PatientVmFactory,
  runtimeErrorOf,
  startRuntime,
  until,
  type TestRuntime,
} from '../../test-support/start-runtime.ts';

const neverEnding: readonly (readonly [string, string])[] = [
  ['a loop', 'for (;;);'],
  ['a storm of microtasks', '(function again() { Promise.resolve().then(again); })(); new Promise(() => {})'],
  ['a storm of queueMicrotask', '(function again() { queueMicrotask(again); })(); new Promise(() => {})'],
  ['a storm of awaits', '(async () => { for (;;) await undefined; })()'],
  ['a promise that never settles', 'new Promise(() => {})'],
  ['a thenable that never calls back', '({ then() {} })'],
  ['a built-in that cannot be interrupted', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)'],
  ['timers that set timers', '(function again() { setTimeout(again); })(); new Promise(() => {})'],
  ['an interval', 'setInterval(() => 0); new Promise(() => {})'],
  ['a loop in a timer', 'setTimeout(() => { for (;;); }); new Promise(() => {})'],
  ['a loop in a toJSON', '({ toJSON() { for (;;); } })'],
  ['a loop in what is thrown', 'throw { get message() { for (;;); } }'],
  ['a loop in a thenable', '({ then() { for (;;); } })'],
  ['a loop that catches everything', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }'],
  ['a regular expression that backtracks', '/^(a+)+$/.test("a".repeat(50) + "b")'],
];

describe('Limits of an execution', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({
      maxMemoryMb: 32,
      maxSourceBytes: 300_000,
      maxInputBytes: 1000,
      maxResultBytes: 1000,
      timeoutMs: 25_000,
    });
  });

  afterAll(async () => {
    await runtime.close();
  });

  describe('of time', () => {
    // Or an execution waits for a VM while its time passes.
    beforeEach(async () => until(() => runtime.pool.stats().available === 2));

    it.each(neverEnding)('end %s, and the next execution answers', async (_, source) => {
      const error = await runtime.errorOf(source, { limits: { timeoutMs: 150 } });
      expect(error).toMatchObject({
        code: 'WALL_TIME_LIMIT_EXCEEDED',
        message: 'The script was not done after 150 ms',
        details: { limit: { name: 'timeoutMs', allowed: 150, used: expect.any(Number) } },
      });
      await expect(runtime.valueOf('6 * 7')).resolves.toBe(42);
    });

    it('tell where a script was that could be interrupted', async () => {
      const source = '\nfunction spin() {\n  for (;;);\n}\nspin();';
      const patient = await startRuntime({ poolSize: 1 }, { vmFactory: PatientVmFactory });
      try {
        const { details } = await patient.errorOf(source, { name: 'a.js', limits: { timeoutMs: 1000 } });
        expect(details.stack).toMatch(/a\.js:3:\d+/);
        expect(details.stack).toContain('a.js:5:1');
      } finally {
        await patient.close();
      }
    });

    it('can be tightened by the caller, not loosened', async () => {
      const { value } = await runtime.run('context.deadlineMs', { limits: { timeoutMs: 60_000 } });
      expect(value).toBeLessThanOrEqual(25_000);
      await expect(runtime.errorOf('1', { limits: { timeoutMs: 0 } })).resolves.toMatchObject({
        code: 'INVALID_REQUEST',
      });
    });

    it('also hold while a source is compiled for the first time and waits for a VM', async () => {
      const blockers = ['a', 'b'].map(async (tenant) =>
        runtime.runAs(tenant, 'new Promise(() => {})', { limits: { timeoutMs: 400 } }).catch(() => undefined),
      );
      const waiting = await runtime.errorOf('1', { limits: { timeoutMs: 100 } });
      expect(waiting).toMatchObject({ code: 'POOL_EXHAUSTED' });
      await Promise.all(blockers);
    });
  });

  describe('of memory', () => {
    it.each([
      ['objects', 'const all = []; for (;;) all.push({ a: 1, b: [all.length] })'],
      ['one growing list', 'const all = []; for (;;) all.push(all.length)'],
      ['a chain', 'let chain = {}; for (;;) chain = { chain }'],
      [
        'a closure in a timer',
        'const all = []; setInterval(() => { for (;;) all.push({ a: all.length }); }); new Promise(() => {})',
      ],
    ])('end a script that fills the heap with %s, and the next execution answers', async (_, source) => {
      await expect(runtime.errorOf(source)).resolves.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
      await expect(runtime.valueOf('6 * 7')).resolves.toBe(42);
    });

    it('hold for every tenant that a VM serves', async () => {
      const one = await startRuntime({ poolSize: 1, maxVms: 1, maxMemoryMb: 32, timeoutMs: 25_000 });
      try {
        const { vmId } = await one.runAs('globex', '1');
        await expect(one.runAs('initech', '1')).resolves.toMatchObject({ vmId });
        const greedy = one.run('const all = []; for (;;) all.push(all.length)');
        await expect(runtimeErrorOf(greedy)).resolves.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
      } finally {
        await one.close();
      }
    });

    it('let a script catch what is merely too large at once', async () => {
      const source = 'try { new ArrayBuffer(1e9) } catch (error) { error.name }';
      await expect(runtime.valueOf(source)).resolves.toBe('RangeError');
      await expect(runtime.errorOf('"x".repeat(2 ** 30)')).resolves.toMatchObject({ code: 'SCRIPT_ERROR' });
    });
  });

  describe('of size', () => {
    it('hold for the script', async () => {
      const fits = `'${'x'.repeat(300_000 - 9)}'; 1`;
      expect(fits).toHaveLength(300_000 - 4);
      await expect(runtime.valueOf(fits)).resolves.toBe(1);
      await expect(runtime.errorOf(`${fits}     `)).resolves.toMatchObject({
        code: 'SCRIPT_TOO_LARGE',
        details: { limit: { name: 'maxSourceBytes', allowed: 300_000, used: 300_001 } },
      });
    });

    it('hold for the input', async () => {
      await expect(runtime.valueOf('input.length', { input: 'x'.repeat(998) })).resolves.toBe(998);
      await expect(runtime.errorOf('1', { input: 'x'.repeat(999) })).resolves.toMatchObject({
        code: 'INPUT_TOO_LARGE',
        details: { limit: { name: 'maxInputBytes', allowed: 1000, used: 1001 } },
      });
    });

    it('hold for the result, in bytes', async () => {
      await expect(runtime.valueOf('"x".repeat(998)')).resolves.toHaveLength(998);
      await expect(runtime.valueOf('"ä".repeat(499)')).resolves.toHaveLength(499);
      for (const [source, used] of [
        ['"x".repeat(999)', 1001],
        ['"ä".repeat(500)', 1002],
        ['Promise.resolve("x".repeat(1e6))', 1_000_002],
      ] as const) {
        await expect(runtime.errorOf(source)).resolves.toMatchObject({
          code: 'RESULT_TOO_LARGE',
          details: { limit: { name: 'maxResultBytes', allowed: 1000, used } },
        });
      }
    });
  });
});
