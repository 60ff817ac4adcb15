import type { AddressInfo, Socket } from 'node:net';
import { ExecutionService, VmPoolService } from 'nestjs-js-runtime';
import { startBackend, until, type Backend } from './support/backend.ts';
import { connectTo, executionRequest, readUntil } from './support/raw-client.ts';

/** Waits for ever, and holds its VM: whatever ends it in these tests is not its time limit. */
const script = 'new Promise(() => {})';

describe('A client that goes away', () => {
  let backend: Backend;
  let pool: VmPoolService;
  let port: number;
  const clients: Socket[] = [];

  beforeAll(async () => {
    // So that who waits for a VM waits for the one that there is.
    backend = await startBackend({ poolSize: 1, maxVms: 1 });
    pool = backend.app.get(VmPoolService);
    await backend.app.listen(0, '127.0.0.1');
    ({ port } = backend.app.getHttpServer().address() as AddressInfo);
  });
  afterAll(() => backend.close());
  beforeEach(() => until(() => pool.stats().available === 1));
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  const send = async (...bodies: object[]): Promise<Socket> => {
    const client = await connectTo(port);
    clients.push(client);
    client.write(bodies.map((body) => executionRequest(body)).join(''));
    return client;
  };
  const untilReplaced = async (destroyed: number): Promise<void> =>
    until(() => pool.stats().destroyed === destroyed + 1 && pool.stats().available === 1);

  it.each([
    ['by closing its connection', (client: Socket) => client.destroy()],
    ['by resetting it', (client: Socket) => client.resetAndDestroy()],
    // Its FIN is the same as that of a client that closes: there is no telling whether it still reads.
    ['by closing the half that it sends on', (client: Socket) => client.end()],
  ])('%s ends what runs for it, and frees the VM', async (_, leave) => {
    const {
      destroyed,
      destroyedBy: { cancelled },
    } = pool.stats();
    const client = await send({ script, executionId: 'abandoned' });
    await until(() => pool.stats().inUse === 1);
    const [leased] = pool.vms();
    leave(client);
    await untilReplaced(destroyed);
    expect(pool.vms().map(({ id }) => id)).not.toContain(leased?.id);
    expect(pool.stats().destroyedBy.cancelled).toBe(cancelled + 1);
    await backend.execute({ script: '6 * 7', executionId: 'abandoned' }).expect(200);
  });

  it('ends what still waits for a VM, and nothing else', async () => {
    const { destroyed } = pool.stats();
    const running = backend.execute({ script, executionId: 'running' }).then((response) => response);
    await until(() => pool.stats().inUse === 1);
    const client = await send({ script });
    await until(() => pool.stats().waiting === 1);
    client.destroy();
    await until(() => pool.stats().waiting === 0);
    expect(pool.stats()).toMatchObject({ inUse: 1, destroyed });
    await backend.cancel('running').expect(204);
    expect((await running).status).toBe(499);
  });

  it('ends all that it had sent ahead on one connection', async () => {
    const { destroyed } = pool.stats();
    const client = await send({ script }, { script });
    await until(() => pool.stats().inUse === 1 && pool.stats().waiting === 1);
    client.destroy();
    await untilReplaced(destroyed);
    expect(pool.stats()).toMatchObject({ waiting: 0, inUse: 0 });
  });

  it('after its answers has cancelled nothing, however many came over one connection', async () => {
    const { destroyed } = pool.stats();
    const before = backend.app.get(ExecutionService).metrics();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', onWarning);
    const client = await send({ script: '0', name: 'first.js' });
    for (let turn = 1; turn <= 30; turn++) {
      expect(await readUntil(client, '"vmId"')).toContain(`"result":${turn - 1},`);
      client.write(executionRequest({ script: String(turn) }));
    }
    expect(await readUntil(client, '"vmId"')).toContain('"result":30,');
    client.destroy();
    // Time for the server to see the end of that connection: it accepts and answers another, over a real socket as well.
    await backend.execute({ script: '1' }).expect(200);
    process.off('warning', onWarning);
    await until(() => pool.stats().available === 1);
    expect(pool.stats().destroyed).toBe(destroyed);
    const after = backend.app.get(ExecutionService).metrics();
    expect(after.executionErrors).toBe(before.executionErrors);
    expect(warnings).toEqual([]);
  });
});
