import { VmPoolService } from 'nestjs-js-runtime';
import type { Response } from 'supertest';
import { problemOf, startBackend, until, type Backend } from './support/backend.ts';

const limits = { timeoutMs: 200 };

describe('A script that takes too long', () => {
  let backend: Backend;
  let pool: VmPoolService;
  beforeAll(async () => {
    backend = await startBackend();
    pool = backend.app.get(VmPoolService);
  });
  // Those before may have cost VMs, and a new one takes longer than these scripts may.
  beforeEach(() => until(() => pool.stats().available === 2));
  afterAll(() => backend.close());

  it.each([
    ['a loop', 'while (true) {}'],
    ['a loop in a promise callback', 'Promise.resolve().then(() => { while (true) {} })'],
    ['endless microtasks', '(async () => { for (;;) await null })()'],
    ['a promise that never settles', 'new Promise(() => {})'],
    ['endless timers', 'setInterval(() => {}, 1); new Promise(() => {})'],
    ['a getter of its result', '({ get a() { while (true) {} } })'],
    ['the message of what it throws', 'throw { get message() { while (true) {} } }'],
    ['a built-in that cannot be interrupted', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)'],
    ['another such built-in', 'new Array(2 ** 32 - 1).fill(0)'],
  ])('is stopped in %s, and the next one answers', async (_, script) => {
    const response = await backend.execute({ script, limits }).expect(422);
    expect(problemOf(response)).toMatchObject({
      code: 'WALL_TIME_LIMIT_EXCEEDED',
      detail: 'The script was not done after 200 ms',
      limit: { name: 'timeoutMs', allowed: 200 },
    });
    const next = await backend.execute({ script: '42' }).expect(200);
    expect(next.body).toMatchObject({ result: 42 });
  });

  it('still hands over its logs, and says where it was', async () => {
    const script = 'console.log("about to loop");\nfor (;;) {}';
    const vmIds = (): string[] => pool.vms().map(({ id }) => id);
    let before: string[];
    let response: Response;
    // A VM that gets no CPU when time is up is killed instead, and its logs with it: then it is tried again.
    do {
      before = vmIds();
      response = await backend.execute({ script, limits: { timeoutMs: 2000 } }).expect(422);
      await until(() => pool.stats().available === 2);
    } while (vmIds().join() !== before.join());
    expect(problemOf(response)).toMatchObject({
      logs: [{ level: 'log', message: 'about to loop' }],
      stack: expect.stringContaining('script.js:2:'),
    });
  });

  it('cannot ask for more time than is configured', async () => {
    const { body } = await backend
      .execute({ script: 'context.deadlineMs', limits: { timeoutMs: 10 ** 9 } })
      .expect(200);
    expect((body as { result: number }).result).toBeLessThanOrEqual(30_000);
  });
});

describe('Fifty endless loops in a row', () => {
  let backend: Backend;
  beforeAll(async () => {
    // Every loop costs a VM, and a VM takes CPU to start: this is what the default pool is to bear.
    backend = await startBackend({ poolSize: 10 });
  });
  afterAll(() => backend.close());

  it('are each stopped, and leave the backend healthy', async () => {
    const ends: string[] = [];
    while (ends.length < 50) {
      const response = await backend.execute({ script: 'while (true) {}', limits });
      const { status, code, retryable, retryAfterMs } = problemOf(response);
      // On a slow machine they come faster than VMs can be replaced. Then the client is told to wait, and how long.
      if (retryable) await new Promise((resolve) => setTimeout(resolve, Number(retryAfterMs)));
      else ends.push(`${String(status)} ${String(code)}`);
    }
    expect(new Set(ends)).toEqual(new Set(['422 WALL_TIME_LIMIT_EXCEEDED']));
    await backend.get('/health/ready').expect(200);
    await backend.execute({ script: '42' }).expect(200);
  });
});

describe('A script that takes too much', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it('of the heap gets MEMORY_LIMIT_EXCEEDED', async () => {
    const script = 'const all = []; for (;;) all.push(new Array(10_000).fill({}))';
    const response = await backend.execute({ script }).expect(422);
    expect(problemOf(response)).toMatchObject({
      code: 'MEMORY_LIMIT_EXCEEDED',
      limit: { name: 'maxMemoryMb', allowed: 64 },
    });
  });

  it.each([
    ['as a result', { script: '"x".repeat(2 ** 20)' }, 422, 'RESULT_TOO_LARGE'],
    ['as a script', { script: `"${'x'.repeat(2 ** 20)}"` }, 413, 'SCRIPT_TOO_LARGE'],
    ['as input', { script: '1', input: 'x'.repeat(2 ** 20) }, 413, 'INPUT_TOO_LARGE'],
  ])('%s is told the limit', async (_, body, status, code) => {
    const response = await backend.execute(body).expect(status);
    expect(problemOf(response)).toMatchObject({ code, limit: { allowed: 2 ** 20, used: 2 ** 20 + 2 } });
  });

  it('of the log loses the rest of it', async () => {
    const { body } = await backend.execute({ script: 'for (let i = 0; i < 5000; i++) console.log(i)' }).expect(200);
    const { logs } = body as { logs: { message: string }[] };
    expect(logs).toHaveLength(1001);
    expect(logs.at(-1)?.message).toBe('[log limit reached: further output was dropped]');
  });

  it('and whose VM is killed from outside gets VM_CRASHED; a new VM takes its place', async () => {
    const pool = backend.app.get(VmPoolService);
    const running = backend.execute({ script: 'new Promise(() => {})' });
    const response = running.expect(502);
    const answered = response.then((answer) => answer);
    const leased = await untilSome(() => pool.vms().find(({ state }) => state === 'leased'));
    process.kill(leased.pid, 'SIGKILL');
    expect(problemOf(await answered)).toMatchObject({ code: 'VM_CRASHED', retryable: false });
    await untilSome(() => (pool.stats().available === 2 ? true : undefined));
    expect(pool.vms().map(({ id }) => id)).not.toContain(leased.id);
  });
});

/** Looks again at every turn of the event loop until there is something. */
async function untilSome<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
