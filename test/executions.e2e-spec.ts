import { startBackend, type Backend } from './support/backend.ts';

describe('POST /v1/executions', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it('answers with the completion value, the logs and what it cost', async () => {
    const { body } = await backend
      .execute({ script: 'console.warn("n is", 20); const o = {n: 20}; o.n * 2 + 2' })
      .expect(200);
    expect(body).toEqual({
      executionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      result: 42,
      logs: [{ level: 'warn', message: 'n is 20' }],
      usage: {
        wallMs: expect.any(Number),
        queueMs: expect.any(Number),
        cpuMs: expect.any(Number),
        peakMemoryBytes: expect.any(Number),
        heapBytes: expect.any(Number),
        apiCalls: 0,
        inputBytes: 0,
        resultBytes: 2,
        logBytes: 7,
        compile: 'miss',
      },
      vmId: expect.stringMatching(/^vm-\d+$/),
    });
  });

  it.each([
    ['a number', '6 * 7', 42],
    ['a fraction', '0.1 + 0.2', 0.1 + 0.2],
    ['a string', '"grüße 🌍 \\u2028"', 'grüße 🌍 \u2028'],
    ['true', '1 < 2', true],
    ['null', 'null', null],
    ['an array', '[1, "two", null, [true]]', [1, 'two', null, [true]]],
    ['an object', '({ a: { b: [1] }, "": 0 })', { a: { b: [1] }, '': 0 }],
    ['a Date, as JSON has it', 'new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['what a promise resolves to', 'Promise.resolve([1])', [1]],
    ['what an async function returns', '(async () => { await null; return 7 })()', 7],
    ['what comes after a timer', 'new Promise((resolve) => setTimeout(resolve, 5, "late"))', 'late'],
  ])('returns %s', async (_, script, expected) => {
    const { body } = await backend.execute({ script }).expect(200);
    expect((body as { result: unknown }).result).toEqual(expected);
  });

  it('calls a script again in the realm that it keeps, where that is asked for', async () => {
    const module = { script: 'let n = 0; export default () => ++n;', wrap: 'module' };
    const results: unknown[] = [];
    for (const realm of ['warm', 'warm', undefined, 'fresh', 'warm']) {
      const { body } = await backend.execute({ ...module, realm }).expect(200);
      results.push((body as { result: unknown }).result);
    }
    expect(results).toEqual([1, 2, 1, 1, 3]);
  });

  it.each([
    ['a classic script in a warm realm', { script: '1', realm: 'warm' }, "whose wrap is 'function' or 'module'"],
    ['a realm that is none', { script: '1', realm: 'hot' }, 'realm'],
  ])('refuses %s', async (_, request, detail) => {
    const { body } = await backend.execute(request).expect(400);
    expect(body).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(JSON.stringify(body)).toContain(detail);
  });

  it('has no result when the script has none', async () => {
    const { body } = await backend.execute({ script: 'undefined' }).expect(200);
    expect(body).not.toHaveProperty('result');
  });

  it('gives the script its input, frozen', async () => {
    const script = '"use strict"; try { input.items.push(1) } catch (e) { ({ name: e.name, items: input.items }) }';
    const { body } = await backend.execute({ script, input: { items: [3, 4] } }).expect(200);
    expect(body).toMatchObject({ result: { name: 'TypeError', items: [3, 4] } });
  });

  it('takes a source as the body of an async function', async () => {
    const script = 'const [a, b] = await Promise.all([input.a, 2]);\nreturn a + b;';
    const { body } = await backend.execute({ script, input: { a: 40 }, wrap: 'function' }).expect(200);
    expect(body).toMatchObject({ result: 42 });
  });

  it('compiles a script once', async () => {
    const script = '"compiled once"';
    const first = await backend.execute({ script }).expect(200);
    const second = await backend.execute({ script }).expect(200);
    expect(first.body).toMatchObject({ usage: { compile: 'miss' } });
    expect(second.body).toMatchObject({ usage: { compile: 'hit' } });
  });

  it('refuses a body that is nested a hundred thousand deep, at once', async () => {
    const depth = 100_000;
    const body = `{"script":"let d = 0; for (let i = input; i; i = i[0]) d++; d","input":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const response = await backend
      .post('/v1/executions')
      .set('Authorization', 'Bearer acme-dev-key')
      .set('Content-Type', 'application/json')
      .send(body)
      .expect(400);
    expect(response.body).toMatchObject({ code: 'INVALID_REQUEST', detail: 'The body is nested more than 1000 deep' });
  });

  it('refuses a result that is nested as deep', async () => {
    const script = 'let deep = []; for (let i = 0; i < 100_000; i++) deep = [deep]; deep';
    const { body } = await backend.execute({ script }).expect(422);
    expect(body).toMatchObject({ code: 'RESULT_NOT_SERIALIZABLE' });
  });

  it('takes names like __proto__ for data', async () => {
    const body =
      '{"script":"Object.keys(input).concat(input.constructor.prototype)","input":{"constructor":{"prototype":1}}}';
    const response = await backend
      .post('/v1/executions')
      .set('Authorization', 'Bearer acme-dev-key')
      .set('Content-Type', 'application/json')
      .send(body)
      .expect(200);
    expect(response.body).toMatchObject({ result: ['constructor', 1] });
  });
});
