import { problemOf, startBackend, type Backend } from './support/backend.ts';

describe('A script that fails', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it('is told what it threw and where, in its own frames only', async () => {
    const script = 'console.log("before");\nfunction price(order) {\n  return order.total.net;\n}\nprice({});';
    const response = await backend.execute({ script, name: 'rules/price.js' }).expect(422);
    expect(problemOf(response)).toEqual({
      type: 'about:blank',
      title: 'Script error',
      status: 422,
      code: 'SCRIPT_ERROR',
      detail: "TypeError: Cannot read properties of undefined (reading 'net')",
      retryable: false,
      executionId: expect.any(String),
      error: {
        name: 'TypeError',
        message: "Cannot read properties of undefined (reading 'net')",
        stack: [
          "TypeError: Cannot read properties of undefined (reading 'net')",
          '    at price (rules/price.js:3:22)',
          '    at rules/price.js:5:1',
        ].join('\n'),
        line: 3,
        file: 'rules/price.js',
        column: 22,
      },
      logs: [{ level: 'log', message: 'before' }],
      usage: expect.objectContaining({ compile: 'miss' }),
    });
  });

  it.each([
    ['null', 'throw null', { name: 'NonError', message: 'null' }],
    ['undefined', 'throw undefined', { name: 'NonError', message: 'undefined' }],
    ['a string', 'throw "out of stock"', { name: 'NonError', message: 'out of stock' }],
    ['a symbol', 'throw Symbol("s")', { name: 'NonError', message: 'Symbol(s)' }],
    ['a plain object', 'throw { code: 5 }', { name: 'NonError', message: '{"code":5}' }],
    ['a Proxy that throws', 'throw new Proxy({}, { get() { throw 1 } })', { name: 'NonError' }],
    ['an object whose message throws', 'throw { get message() { throw 1 } }', { name: 'NonError' }],
    [
      'an Error whose stack throws',
      'const e = new Error("m"); Object.defineProperty(e, "stack", { get() { throw 1 } }); throw e',
      { name: 'Error', message: 'm' },
    ],
    [
      'an own subclass',
      'class StockError extends Error { name = "StockError" } throw new StockError("m")',
      { name: 'StockError', message: 'm' },
    ],
    ['by rejecting', 'Promise.reject(new RangeError("m"))', { name: 'RangeError', message: 'm' }],
    [
      'by a rejection that nothing handles',
      'Promise.reject(new RangeError("m")); 1',
      { name: 'RangeError', message: 'm' },
    ],
    [
      'in a timer',
      'setTimeout(() => { throw new RangeError("m") }, 1); new Promise(() => {})',
      { name: 'RangeError', message: 'm' },
    ],
    [
      'by overflowing its stack',
      '(function f() { f() })()',
      { name: 'RangeError', message: 'Maximum call stack size exceeded' },
    ],
  ])('throws %s', async (_, script, error) => {
    const response = await backend.execute({ script }).expect(422);
    expect(problemOf(response)).toMatchObject({ code: 'SCRIPT_ERROR', error });
  });

  it('does not compile: the problem has the position', async () => {
    const response = await backend.execute({ script: 'const a = 1;\nconst b = ;', name: 'rule.js' }).expect(422);
    expect(problemOf(response)).toMatchObject({
      code: 'COMPILATION_FAILED',
      detail: "SyntaxError: Unexpected token ';' (rule.js:2:11)",
      error: {
        name: 'SyntaxError',
        line: 2,
        column: 11,
        stack: "SyntaxError: Unexpected token ';'\n    at rule.js:2:11",
      },
    });
  });

  it.each([
    ['a function', '() => 1'],
    ['a symbol', 'Symbol.iterator'],
    ['a BigInt', '10n'],
    ['a BigInt inside', '[{ n: 10n }]'],
    ['a cycle', 'const a = {}; a.a = a; a'],
    ['a getter that throws', '({ get a() { throw new Error("no") } })'],
  ])('returns %s: RESULT_NOT_SERIALIZABLE', async (_, script) => {
    const response = await backend.execute({ script }).expect(422);
    expect(problemOf(response)).toMatchObject({ code: 'RESULT_NOT_SERIALIZABLE', retryable: false });
  });

  it.each([
    ['eval', "eval('1')"],
    ['indirect eval', "(0, eval)('1')"],
    ['Function', "new Function('return 1')()"],
    ['the Function constructor', "(()=>{}).constructor('return 1')()"],
    ['the AsyncFunction constructor', "(async()=>{}).constructor('return 1')()"],
    ['the GeneratorFunction constructor', "(function*(){}).constructor('return 1')()"],
    ['the AsyncGeneratorFunction constructor', "(async function*(){}).constructor('return 1')()"],
    ['import()', "import('fs')"],
  ])('cannot turn a string into code with %s', async (_, script) => {
    const response = await backend.execute({ script }).expect(422);
    expect(problemOf(response)).toMatchObject({ code: 'SCRIPT_ERROR', error: { line: 1 } });
  });
});
