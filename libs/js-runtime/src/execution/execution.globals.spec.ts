import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';

describe('What a script finds beside the language', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime();
  });

  afterAll(async () => {
    await runtime.close();
  });

  const inFunction = async (body: string): Promise<unknown> => runtime.valueOf(body, { wrap: 'function' });

  it('is exactly this', async () => {
    // Whatever V8 adds with an update has to be looked at before a tenant gets it.
    const { value } = await runtime.run('Object.getOwnPropertyNames(globalThis)');
    const language = `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date
      Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis
      JSON Math Intl ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array
      BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap
      WeakSet Proxy Reflect WeakRef decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval
      isFinite isNaN Temporal SuppressedError DisposableStack AsyncDisposableStack`.split(/\s+/);
    const ours =
      'console setTimeout setInterval clearTimeout clearInterval structuredClone queueMicrotask context input'.split(
        ' ',
      );
    expect((value as string[]).toSorted()).toEqual([...language, ...ours].toSorted());
  });

  it.each(['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'XMLHttpRequest', 'setImmediate', 'self'])(
    'is not %s',
    async (name) => {
      await expect(runtime.valueOf(`typeof ${name}`)).resolves.toBe('undefined');
    },
  );

  describe('timers', () => {
    it('are all run that are due, not one at a time', async () => {
      const script = `new Promise((resolve) => {
        let left = 5000;
        for (let i = 0; i < 5000; i++) setTimeout(() => { if (--left === 0) resolve('all'); }, 1);
      })`;
      await expect(runtime.valueOf(script, { limits: { timeoutMs: 4000 } })).resolves.toBe('all');
    });

    it('run when they are due, those of the same time in the order in which they were set', async () => {
      const order = await inFunction(`
        const order = [];
        const last = new Promise((resolve) => setTimeout(() => { order.push('c'); resolve(); }, 100));
        setTimeout(() => order.push('a'), 50);
        setTimeout(() => order.push('b'), 50);
        setTimeout(() => order.push('0'));
        await last;
        return order;`);
      expect(order).toEqual(['0', 'a', 'b', 'c']);
    });

    it('run behind the microtasks that are waiting', async () => {
      const order = await inFunction(`
        const order = [];
        setTimeout(() => { order.push('first timer'); queueMicrotask(() => order.push('its microtask')); }, 1);
        setTimeout(() => order.push('second timer'), 1);
        queueMicrotask(() => order.push('microtask'));
        order.push('script');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return order;`);
      expect(order).toEqual(['script', 'microtask', 'first timer', 'its microtask', 'second timer']);
    });

    it('pass their arguments on, and nothing as this', async () => {
      const seen = await inFunction(`
        'use strict';
        return new Promise((resolve) => setTimeout(function (...args) { resolve([args, this === undefined]); }, 1, 'a', 2));`);
      expect(seen).toEqual([['a', 2], true]);
    });

    it('do not run when they were cleared, first, last and in between', async () => {
      const order = await inFunction(`
        const order = [];
        const ids = [1, 2, 3, 4, 5].map((i) => setTimeout(() => order.push(i), i));
        for (const index of [0, 2, 4]) clearTimeout(ids[index]);
        setTimeout(() => order.push('added'), 8);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return order;`);
      expect(order).toEqual([2, 4, 'added']);
    });

    it('do not mind being cleared twice, late, or never having been set', async () => {
      const seen = await inFunction(`
        const id = setTimeout(() => 0, 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        for (const what of [id, id, 99, -1, undefined, null, 'a', {}]) { clearTimeout(what); clearInterval(what); }
        return new Promise((resolve) => setTimeout(resolve, 1, 'fine'));`);
      expect(seen).toBe('fine');
    });

    it('repeat until they are cleared, from inside too', async () => {
      const ticks = await inFunction(`
        let ticks = 0;
        await new Promise((resolve) => {
          const id = setInterval(() => {
            if (++ticks < 3) return;
            clearInterval(id);
            resolve();
          }, 1);
        });
        await new Promise((resolve) => setTimeout(resolve, 10));
        return ticks;`);
      expect(ticks).toBe(3);
    });

    it.each([
      ["'50'", 50],
      ["' 5e1 '", 50],
      ['{ valueOf: () => 50 }', 50],
      ['true', 1],
      ['null', 1],
      ['undefined', 1],
      ["'soon'", 1],
      ['NaN', 1],
      ['-5', 1],
      ['Infinity', 1],
      ['2 ** 31', 1],
    ])('take %s for a delay of %i ms', async (delay, ms) => {
      const order = await inFunction(`
        const order = [];
        setTimeout(() => order.push('it'), ${delay});
        await new Promise((resolve) => setTimeout(resolve, 25));
        order.push('25 ms');
        if (order.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
        return order;`);
      expect(order).toEqual(ms < 25 ? ['it', '25 ms'] : ['25 ms', 'it']);
    });

    it('do not take a delay that is no number and cannot become one', async () => {
      for (const delay of ['1n', 'Symbol()', '{ valueOf() { throw new TypeError(); } }']) {
        const outcome = runtime.valueOf(`try { setTimeout(() => 0, ${delay}); 'taken' } catch (e) { e.name }`);
        await expect(outcome).resolves.toBe(delay === '1n' ? 'taken' : 'TypeError');
      }
    });

    it('have ids of their own, also for each other', async () => {
      await expect(
        runtime.valueOf('new Set([setTimeout(() => 0), setInterval(() => 0), setTimeout(() => 0)]).size'),
      ).resolves.toBe(3);
    });

    it('keep no script alive that has its result', async () => {
      await expect(runtime.valueOf('setInterval(() => 0, 1); setTimeout(() => 0, 1e6); "done"')).resolves.toBe('done');
    });

    it.each(['setTimeout', 'setInterval', 'queueMicrotask'])('%s takes functions only', async (name) => {
      for (const what of ['', '"1 + 1"', 'null', '{}', '[]', '1']) {
        await expect(runtime.errorOf(`${name}(${what})`)).resolves.toMatchObject({
          code: 'SCRIPT_ERROR',
          details: { error: { name: 'TypeError' } },
        });
      }
    });
  });

  it('queueMicrotask runs its functions in order, among the reactions of promises', async () => {
    const order = await inFunction(`
      const order = [];
      queueMicrotask(() => order.push(1));
      Promise.resolve().then(() => order.push(2));
      queueMicrotask(() => order.push(3));
      order.push(0);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return order;`);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  describe('structuredClone', () => {
    it.each([
      ['primitives', '[null, undefined, true, 1, "a"].every((v) => Object.is(structuredClone(v), v))'],
      ['BigInts', 'structuredClone(10n) === 10n'],
      ['trees, as copies', 'const a = { b: [{ c: 1 }] }; const d = structuredClone(a); d.b !== a.b && d.b[0].c === 1'],
      ['holes in lists', 'const a = structuredClone([1, , 3]); a.length === 3 && !(1 in a)'],
      ['cycles', 'const a = { list: [] }; a.list.push(a); const b = structuredClone(a); b !== a && b.list[0] === b'],
      ['shared references', 'const s = {}; const [x, y] = structuredClone([s, s]); x === y && x !== s'],
      ['dates', 'const d = structuredClone(new Date(5)); d instanceof Date && d.getTime() === 5'],
      ['regular expressions', 'const r = structuredClone(/a+/gi); r instanceof RegExp && String(r) === "/a+/gi"'],
      ['maps', 'const k = {}; const m = structuredClone(new Map([[k, k]])); const [[x, y]] = m; x === y && x !== k'],
      ['sets', 'const s = structuredClone(new Set([1, [2]])); s instanceof Set && s.size === 2'],
      [
        'errors',
        'const e = structuredClone(new RangeError("no", { cause: [1] })); e instanceof Error && e.name === "RangeError" && e.message === "no" && e.cause[0] === 1',
      ],
      ['buffers', 'const b = new ArrayBuffer(4); const c = structuredClone(b); c !== b && c.byteLength === 4'],
      [
        'typed arrays with their offset',
        'const t = structuredClone(new Uint16Array(new ArrayBuffer(8), 2, 2)); t instanceof Uint16Array && t.byteOffset === 2 && t.length === 2',
      ],
      [
        'views of one buffer',
        'const b = new ArrayBuffer(4); const [x, y] = structuredClone([new Uint8Array(b), new DataView(b)]); x.buffer === y.buffer',
      ],
      ['what getters return', 'structuredClone({ get a() { return 7; } }).a === 7'],
      ['no symbols as keys', 'Object.getOwnPropertySymbols(structuredClone({ [Symbol()]: 1 })).length === 0'],
      [
        '__proto__ as a key',
        'const o = structuredClone(JSON.parse(\'{"__proto__":{"x":1}}\')); o.x === undefined && Object.keys(o)[0] === "__proto__"',
      ],
    ])('copies %s', async (_, source) => {
      await expect(runtime.valueOf(source)).resolves.toBe(true);
    });

    it.each(['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'])(
      'copies an %s as one',
      async (name) => {
        const source = `
          const error = new ${name}('no');
          const copy = structuredClone(error);
          [
            copy !== error, copy instanceof ${name}, Object.getPrototypeOf(copy) === ${name}.prototype, Error.isError(copy),
            copy.name === '${name}', copy.message === 'no', copy.stack === error.stack, Object.keys(copy).length === 0,
            'cause' in copy,
          ]`;
        await expect(runtime.valueOf(source)).resolves.toEqual([...new Array<boolean>(8).fill(true), false]);
      },
    );

    it('copies an error of a class of its own as a plain Error', async () => {
      const source = `
        class Mine extends TypeError { name = 'Mine'; extra = 1; }
        const copy = structuredClone(new Mine('no'));
        [Object.getPrototypeOf(copy) === Error.prototype, copy.name, copy.message, 'extra' in copy]`;
      await expect(runtime.valueOf(source)).resolves.toEqual([true, 'Error', 'no', false]);
    });

    it.each(['undefined', 'null', '7', '[1]', 'new TypeError("why")'])(
      'keeps the cause %s of an error',
      async (cause) => {
        const source = `
        const error = new Error('no', { cause: ${cause} });
        const copy = structuredClone(error);
        const { value, enumerable } = Object.getOwnPropertyDescriptor(copy, 'cause');
        [enumerable, String(value) === String(error.cause), value === error.cause]`;
        const isPrimitive = ['undefined', 'null', '7'].includes(cause);
        await expect(runtime.valueOf(source)).resolves.toEqual([false, true, isPrimitive]);
      },
    );

    it('keeps an error that is its own cause', async () => {
      const source = 'const e = new Error("no"); e.cause = e; const c = structuredClone(e); c !== e && c.cause === c';
      await expect(runtime.valueOf(source)).resolves.toBe(true);
    });

    it.each([
      '() => 1',
      'Symbol()',
      '{ a: () => 1 }',
      '[Symbol()]',
      'new WeakMap()',
      'new (class A {})()',
      'new Map([[1, () => 1]])',
      'Promise.resolve()',
    ])('refuses %s', async (what) => {
      await expect(runtime.errorOf(`structuredClone(${what})`)).resolves.toMatchObject({
        code: 'SCRIPT_ERROR',
        details: { error: { name: 'DataCloneError' } },
      });
    });
  });
});
