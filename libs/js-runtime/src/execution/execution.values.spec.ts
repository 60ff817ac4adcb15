import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('What an execution comes to', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  const inFunction = async (body: string): Promise<unknown> => runtime.valueOf(body, { wrap: 'function' });

  describe('values', () => {
    const values: readonly (readonly [string, unknown])[] = [
      ['null', null],
      ['true', true],
      ['false', false],
      ['0', 0],
      ['-1.5e300', -1.5e300],
      ["''", ''],
      [String.raw`'ä 🎉 \u0000 \n "'`, 'ä 🎉 \u0000 \n "'],
      ['[]', []],
      ['[1, [2, [null]]]', [1, [2, [null]]]],
      ['({})', {}],
      ["({ a: { b: [1] }, 'ä': '' })", { a: { b: [1] }, ä: '' }],
      ['undefined', undefined],
    ];

    it.each(values)('of a script: %s', async (source, value) => {
      await expect(runtime.valueOf(source)).resolves.toEqual(value);
    });

    it.each(values)('of a function: %s', async (source, value) => {
      await expect(inFunction(`return ${source}`)).resolves.toEqual(value);
    });

    it.each(values)('of a promise: %s', async (source, value) => {
      await expect(runtime.valueOf(`Promise.resolve(${source})`)).resolves.toEqual(value);
    });

    it.each([
      ['NaN', null],
      ['Infinity', null],
      ['-0', 0],
      ['new Date(0)', '1970-01-01T00:00:00.000Z'],
      ['[undefined, () => 1, Symbol()]', [null, null, null]],
      ['({ a: undefined, b: () => 1, [Symbol()]: 1 })', {}],
      ['new Map([[1, 2]])', {}],
      ['new Boolean(false)', false],
      ['({ toJSON: () => 7 })', 7],
      ['({ toJSON: 5 })', { toJSON: 5 }],
      ['new Uint8Array([1, 2])', { 0: 1, 1: 2 }],
    ])('are what JSON makes of them: %s', async (source, value) => {
      await expect(runtime.valueOf(source)).resolves.toEqual(value);
    });

    it('may be promises that other code settles later, and thenables', async () => {
      await expect(runtime.valueOf('new Promise((resolve) => setTimeout(resolve, 5, 7))')).resolves.toBe(7);
      await expect(runtime.valueOf('({ then(resolve) { resolve([1]); } })')).resolves.toEqual([1]);
      await expect(runtime.valueOf('(async () => { await undefined; return {}; })()')).resolves.toEqual({});
      await expect(inFunction('return Promise.resolve(Promise.resolve(1))')).resolves.toBe(1);
    });
  });

  describe('the completion value of a script', () => {
    it.each([
      ['1; 2; 3', 3],
      ['', undefined],
      ['// nothing', undefined],
      ['1 // no line break behind this', 1],
      ['var a = 1', undefined],
      ['let a = 1; a', 1],
      ['if (true) { 5 } else { 6 }', 5],
      ['for (var i = 0; i < 3; i++) i * 10', 20],
      ['do { 4 } while (false)', 4],
      ['try { 1 } finally { 2 }', 1],
      ['switch (1) { case 1: 8 }', 8],
      ['a: { 9; break a; }', 9],
      ['eval', 'RESULT_NOT_SERIALIZABLE'],
      ['1; function f() {}', 1],
      ['main(); function main() { return 5; }', 5],
    ])('of %p is %p', async (source, value) => {
      const outcome = runtime.valueOf(source).catch((error: unknown) => (error as { code: string }).code);
      await expect(outcome).resolves.toEqual(value);
    });

    it('is none for a function that returns nothing', async () => {
      await expect(inFunction('1; 2')).resolves.toBeUndefined();
    });
  });

  describe('how a source is read', () => {
    it('keeps a "use strict" directive', async () => {
      const isStrict = '(function () { return this === undefined; })()';
      await expect(runtime.valueOf(isStrict)).resolves.toBe(false);
      await expect(runtime.valueOf(`'use strict'; ${isStrict}`)).resolves.toBe(true);
      await expect(runtime.valueOf(`// c\n"use strict";\n${isStrict}`)).resolves.toBe(true);
      await expect(runtime.valueOf(`#!/usr/bin/env node\n'use strict';\n${isStrict}`)).resolves.toBe(true);
      await expect(inFunction(`'use strict'; return ${isStrict}`)).resolves.toBe(true);
    });

    it('takes no other "use strict" for a directive', async () => {
      const isStrict = '(function () { return this === undefined; })()';
      await expect(runtime.valueOf(`1; 'use strict'; ${isStrict}`)).resolves.toBe(false);
      await expect(runtime.valueOf(`('use strict'); ${isStrict}`)).resolves.toBe(false);
      await expect(runtime.valueOf(`function f() { 'use strict'; } ${isStrict}`)).resolves.toBe(false);
    });

    it.each([
      ['var f; function f() { return 1; } f()', 1],
      ['function f() { return 1; } var f; f()', 1],
      ['function f() { return 1; } function f() { return 2; } f()', 2],
      ["'use strict'; function f() { return 1; } function f() { return 2; } f()", 2],
      ['function f() {} this.f === f && globalThis.f === f', true],
      ['var a = 1; this.a', 1],
      ['let a = 1; typeof this.a', 'undefined'],
      ["'use strict'; if (true) { function f() {} } typeof f", 'undefined'],
    ])('declares as a script does, at its top: %s', async (source, value) => {
      await expect(runtime.valueOf(source)).resolves.toEqual(value);
    });

    it('takes a hashbang for a comment', async () => {
      await expect(runtime.valueOf('#!/usr/bin/env node\n1 + 1')).resolves.toBe(2);
      await expect(runtime.valueOf('#!')).resolves.toBeUndefined();
    });

    it('knows await and return only in a function', async () => {
      await expect(inFunction('const a = await Promise.resolve(2); return a + 1')).resolves.toBe(3);
      await expect(runtime.errorOf('return 1')).resolves.toMatchObject({ code: 'COMPILATION_FAILED' });
      await expect(runtime.errorOf('await 1')).resolves.toMatchObject({ code: 'COMPILATION_FAILED' });
    });

    it('reads line comments at the end and Unicode', async () => {
      await expect(inFunction('return "grüße 🎉" // end')).resolves.toBe('grüße 🎉');
      await expect(runtime.valueOf('const größe = "🎉"; größe.length')).resolves.toBe(2);
    });
  });

  describe('input', () => {
    it.each([null, false, 0, '', 'ä🎉', [], [1, [2]], {}, { a: { b: [1] } }])('%j arrives as it is', async (input) => {
      await expect(runtime.valueOf('input', { input })).resolves.toEqual(input);
    });

    it('is undefined when there is none', async () => {
      await expect(runtime.valueOf('[typeof input, "input" in globalThis]')).resolves.toEqual(['undefined', true]);
    });

    it('is frozen, nested too, and cannot be replaced', async () => {
      const body = `'use strict';
        const attempts = [
          () => { input.a = 1; },
          () => { input.list.push(1); },
          () => { input.list[0].deep = 2; },
          () => { delete input.list; },
          () => { globalThis.input = 1; },
          () => { delete globalThis.input; },
          () => { Object.defineProperty(globalThis, 'input', { value: 1 }); },
        ];
        const failed = attempts.filter((attempt) => { try { attempt(); } catch (e) { return e instanceof TypeError; } });
        return [failed.length, JSON.stringify(input)];`;
      const input = { list: [{ deep: 1 }] };
      await expect(runtime.valueOf(body, { wrap: 'function', input })).resolves.toEqual([7, JSON.stringify(input)]);
    });

    it('has __proto__ as a key like any other', async () => {
      const input: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
      await expect(runtime.valueOf('[Object.keys(input), input.polluted]', { input })).resolves.toEqual([
        ['__proto__'],
        null,
      ]);
    });

    it('may be nested deeply', async () => {
      const input: unknown = JSON.parse('['.repeat(2000) + ']'.repeat(2000));
      const depth = 'let depth = 0; for (let at = input; at; at = at[0]) depth++; depth';
      await expect(runtime.valueOf(depth, { input })).resolves.toBe(2000);
    });
  });

  describe('context', () => {
    const tenancy = {
      tenant: { id: 'acme', plan: { name: 'pro', seats: [1, 2] } },
      user: { id: 'u1', roles: ['admin'] },
      request: { id: 'r1' },
    };

    it('has what the backend has entered, the id of the execution and the time there is', async () => {
      const options = { executionId: 'order-7', limits: { timeoutMs: 5000 } };
      const { value, executionId } = await runtime.runAs(tenancy, 'context', options);
      expect(executionId).toBe('order-7');
      const { deadlineMs, ...rest } = value as { deadlineMs: number };
      expect(rest).toEqual({ ...tenancy, executionId: 'order-7' });
      expect(deadlineMs).toBeGreaterThan(0);
      expect(deadlineMs).toBeLessThanOrEqual(5000);
    });

    it('has neither user nor request when nobody has entered them', async () => {
      const { value } = await runtime.run('Object.keys(context).sort()');
      expect(value).toEqual(['deadlineMs', 'executionId', 'tenant']);
    });

    it('is frozen, nested too, and cannot be replaced', async () => {
      const body = `'use strict';
        const attempts = [
          () => { context.tenant = { id: 'globex' }; },
          () => { context.tenant.id = 'globex'; },
          () => { context.tenant.plan.seats.push(3); },
          () => { context.user.roles[0] = 'owner'; },
          () => { delete context.tenant; },
          () => { globalThis.context = {}; },
          () => { delete globalThis.context; },
          () => { Object.defineProperty(globalThis, 'context', { get: () => ({}) }); },
          () => { Object.setPrototypeOf(context, { x: 1 }); },
        ];
        const failed = attempts.filter((attempt) => { try { attempt(); } catch (e) { return e instanceof TypeError; } });
        return [failed.length, context.tenant];`;
      const { value } = await runtime.runAs(tenancy, body, { wrap: 'function' });
      expect(value).toEqual([9, tenancy.tenant]);
    });
  });

  it('tells what it used, and which VM ran it', async () => {
    const source = '/* of its own */ 1';
    const first = await runtime.run(source);
    expect(first.usage).toEqual({
      wallMs: expect.any(Number),
      queueMs: expect.any(Number),
      cpuMs: expect.any(Number),
      peakMemoryBytes: expect.any(Number),
      heapBytes: expect.any(Number),
      apiCalls: 0,
      inputBytes: 0,
      resultBytes: 1,
      logBytes: 0,
      compile: 'miss',
    });
    for (const used of [first.usage.wallMs, first.usage.queueMs, first.usage.cpuMs, first.usage.heapBytes]) {
      expect(used).toBeGreaterThan(0);
    }
    expect(first.usage.queueMs).toBeLessThanOrEqual(first.usage.wallMs);
    expect(runtime.pool.vms().map(({ id }) => id)).toContain(first.vmId);
    await expect(runtime.run(source)).resolves.toMatchObject({ usage: { compile: 'hit' } });
  });
});
