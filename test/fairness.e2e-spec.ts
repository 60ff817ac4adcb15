import { VmPoolService } from 'nestjs-js-runtime';
import type { Response } from 'supertest';
import { problemOf, startBackend, until, type Backend } from './support/backend.ts';

const LOOP = 'for (;;) {}';

describe('A tenant that sends more than it may have', () => {
  let backend: Backend;
  let pool: VmPoolService;
  beforeAll(async () => {
    backend = await startBackend({ poolSize: 3, tenantConcurrency: 2, tenantQueueSize: 1 });
    pool = backend.app.get(VmPoolService);
  });
  afterAll(() => backend.close());

  it('is told to come again, and when; other tenants notice nothing', async () => {
    const limits = { timeoutMs: 3000 };
    const running = [1, 2].map(async () => backend.execute({ script: LOOP, limits }));
    await until(() => pool.stats().inUse === 2);
    const queued = backend.execute({ script: '"in turn"', limits: { timeoutMs: 20_000 } }).then((response) => response);
    await until(() => pool.stats().waiting === 1);

    const refused = await backend.execute({ script: '1' }).expect(429);
    const problem = problemOf(refused);
    expect(problem).toMatchObject({
      code: 'TENANT_BUSY',
      detail: '2 executions of the tenant run, and 1 wait: no more may',
      retryable: true,
      limit: { name: 'tenantConcurrency', allowed: 2, used: 2 },
      retryAfterMs: expect.any(Number),
    });
    expect(Number(refused.headers['retry-after'])).toBe(Math.max(1, Math.ceil(Number(problem.retryAfterMs) / 1000)));
    const other = await backend.execute({ script: 'context.tenant.id' }, 'globex').expect(200);
    expect(other.body).toMatchObject({ result: 'globex' });

    for (const response of await Promise.all(running)) expect(response.status).toBe(422);
    expect((await queued).body).toMatchObject({ result: 'in turn' });
  });
});

describe('A flood of endless loops', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend({ poolSize: 10 });
  });
  afterAll(() => backend.close());

  it('keeps another tenant from nothing', async () => {
    let isOver = false;
    const endings = new Set<string>();
    const flood = Array.from({ length: 32 }, async () => {
      while (!isOver) {
        const response: Response = await backend.execute({ script: LOOP, limits: { timeoutMs: 500 } });
        endings.add(`${response.status} ${String(problemOf(response).code)}`);
      }
    });
    // How many of them are at work depends on the CPUs there are.
    await until(() => backend.app.get(VmPoolService).stats().waiting > 0);
    for (let run = 0; run < 100; run++) {
      const { body } = await backend.execute({ script: 'input + 1', input: run }, 'globex').expect(200);
      expect(body).toMatchObject({ result: run + 1 });
    }
    isOver = true;
    await Promise.all(flood);
    // Nothing else than what a tenant may be told that wants too much.
    const allowed = ['422 WALL_TIME_LIMIT_EXCEEDED', '429 TENANT_BUSY', '503 POOL_EXHAUSTED'];
    expect([...endings].filter((ending) => !allowed.includes(ending))).toEqual([]);
    expect(endings).toContain('422 WALL_TIME_LIMIT_EXCEEDED');
  });
});
