import { ExecutionService, VmPoolService } from 'nestjs-js-runtime';
import type { Response } from 'supertest';
import { problemOf, startBackend, until, type Backend } from './support/backend.ts';

/** Waits for ever, and holds its VM. */
const script = 'new Promise(() => {})';

describe('DELETE /v1/executions/:id', () => {
  let backend: Backend;
  let pool: VmPoolService;
  beforeAll(async () => {
    // So that an execution that has to wait waits for nothing but another's end.
    backend = await startBackend({ poolSize: 2, maxVms: 2 });
    pool = backend.app.get(VmPoolService);
  });
  afterAll(() => backend.close());
  beforeEach(() => until(() => pool.stats().available === 2));

  /** Sends an execution now; supertest would wait for somebody to ask for the response. */
  const start = (executionId: string, tenant: 'acme' | 'globex' = 'acme'): Promise<Response> =>
    backend.execute({ script, executionId }, tenant).then((response) => response);
  const untilInUse = (count: number): Promise<void> => until(() => pool.stats().inUse === count);

  it('ends an execution that runs, frees its VM, and is told to whoever waits for it', async () => {
    const running = start('order-7');
    await untilInUse(1);
    const { id } = pool.vms().find(({ state }) => state === 'leased') ?? {};
    const { body } = await backend.cancel('order-7').expect(204);
    expect(body).toEqual({});
    const cancelled = await running;
    expect(cancelled.status).toBe(499);
    expect(problemOf(cancelled)).toMatchObject({ code: 'CANCELLED', executionId: 'order-7', retryable: false });
    await until(() => pool.stats().available === 2);
    expect(pool.vms().map((vm) => vm.id)).not.toContain(id);
  });

  it('ends an execution that waits for a VM, and none that has one', async () => {
    const running = [start('r1'), start('r2')];
    await untilInUse(2);
    const waiting = start('w');
    await until(() => pool.stats().waiting === 1);
    await backend.cancel('w').expect(204);
    expect(problemOf(await waiting)).toMatchObject({ code: 'CANCELLED', executionId: 'w' });
    expect(pool.stats()).toMatchObject({ inUse: 2, waiting: 0 });
    for (const id of ['r1', 'r2']) await backend.cancel(id).expect(204);
    for (const execution of running) expect((await execution).status).toBe(499);
  });

  it('finds nothing that never was, or is over', async () => {
    const never = await backend.cancel('nobody').expect(404);
    expect(problemOf(never)).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    await backend.execute({ script: '1', executionId: 'over' }).expect(200);
    await backend.cancel('over').expect(404);
  });

  it("neither ends nor betrays another tenant's execution", async () => {
    const running = start('of-acme');
    await untilInUse(1);
    const unknown = await backend.cancel('nobody', 'globex').expect(404);
    const foreign = await backend.cancel('of-acme', 'globex').expect(404);
    expect(problemOf(foreign)).toEqual(problemOf(unknown));
    expect(pool.stats().inUse).toBe(1);
    await backend.cancel('of-acme').expect(204);
    expect((await running).status).toBe(499);
  });

  it('lets two tenants use one id at the same time', async () => {
    const [ofAcme, ofGlobex] = [start('shared', 'acme'), start('shared', 'globex')];
    await untilInUse(2);
    await backend.cancel('shared', 'globex').expect(204);
    expect((await ofGlobex).status).toBe(499);
    await backend.cancel('shared', 'globex').expect(404);
    await backend.cancel('shared', 'acme').expect(204);
    expect((await ofAcme).status).toBe(499);
  });

  it("is not the backend's own way to cancel, which finds the executions of all tenants", async () => {
    const executions = [start('shared', 'acme'), start('shared', 'globex')];
    await untilInUse(2);
    expect(backend.app.get(ExecutionService).cancel('shared')).toBe(true);
    for (const execution of executions) expect((await execution).status).toBe(499);
  });

  it.each([
    ['of the greatest length', 'x'.repeat(128)],
    ['with colons, which clients encode', 'a:b:'.repeat(32)],
    ['with every sign that is allowed', 'A_z.0:-'],
  ])('finds an id %s', async (_, executionId) => {
    const running = start(executionId);
    await untilInUse(1);
    await backend.cancel(executionId).expect(204);
    expect(problemOf(await running)).toMatchObject({ code: 'CANCELLED', executionId });
  });

  it.each(['', '/', ' ', 'ä', '../../health/live', '%', '\0', 'x'.repeat(129)])(
    'has no execution of the id %p',
    async (id) => {
      const response = await backend.cancel(id).expect(404);
      expect(problemOf(response)).toMatchObject({ code: 'NOT_FOUND' });
    },
  );

  it('takes a request that says it is JSON and has no body, as many clients send it', async () => {
    const response = await backend.cancel('nobody').set('Content-Type', 'application/json').expect(404);
    expect(problemOf(response)).toMatchObject({ code: 'NOT_FOUND', detail: 'No execution of this id waits or runs' });
  });

  it('needs a key', async () => {
    const response = await backend.cancel('nobody').unset('Authorization').expect(401);
    expect(problemOf(response)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('The executionId of POST /v1/executions', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());

  it('is what the answer has, and what the script sees', async () => {
    const { body } = await backend.execute({ script: 'context.executionId', executionId: 'order-7' }).expect(200);
    expect(body).toMatchObject({ executionId: 'order-7', result: 'order-7' });
  });

  it('cannot be that of an execution which has not ended', async () => {
    const pool = backend.app.get(VmPoolService);
    const first = backend.execute({ script, executionId: 'twice' }).then((response) => response);
    await until(() => pool.stats().inUse === 1);
    const second = await backend.execute({ script: '1', executionId: 'twice' }).expect(400);
    expect(problemOf(second)).toMatchObject({
      code: 'INVALID_REQUEST',
      detail: 'executionId twice is in use by an execution that has not ended',
    });
    await backend.execute({ script: '1', executionId: 'twice' }, 'globex').expect(200);
    await backend.cancel('twice').expect(204);
    expect((await first).status).toBe(499);
    await backend.execute({ script: '1', executionId: 'twice' }).expect(200);
  });

  it.each(['', ' ', 'a/b', 'ä', 'a\n', 'x'.repeat(129), 7, null])('cannot be %p', async (executionId) => {
    const response = await backend.execute({ script: '1', executionId }).expect(400);
    const problem = problemOf(response);
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', issues: [expect.stringMatching(/^executionId: /)] });
  });

  it('is told its rule', async () => {
    const response = await backend.execute({ script: '1', executionId: 'a b' }).expect(400);
    const rule = 'executionId: must have 1 to 128 letters, digits or any of _ . : -, and not be . or ..';
    expect(problemOf(response)).toMatchObject({ detail: `The request is wrong: ${rule}`, issues: [rule] });
  });
});
