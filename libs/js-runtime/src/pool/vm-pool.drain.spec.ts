import type { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { endOf, usePool } from '../../test-support/use-pool.ts';

const { jest } = import.meta;
const shuttingDown: Error = expect.objectContaining({ code: 'SHUTTING_DOWN' });

describe('VmPoolService, when it closes', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  /** Whether a promise has settled by now. */
  async function isSettled(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    void promise.then(() => (settled = true));
    await settle();
    return settled;
  }

  it('admits nobody any more, and sends away who waits', async () => {
    await open(1);
    const lease = await acquire('a');
    const waiting = endOf(acquire('b'));
    const drained = on.pool.drain();
    await expect(waiting).resolves.toEqual(shuttingDown);
    await expect(acquire('c')).rejects.toEqual(shuttingDown);
    expect(on.pool.stats()).toMatchObject({ accepting: false, inUse: 1, refused: { SHUTTING_DOWN: 2 } });
    on.pool.release(lease);
    await drained;
  });

  it('lets executions end that run, and ends their VMs then', async () => {
    await open(2);
    const [first, second] = [await acquire('a'), await acquire('b')];
    const drained = on.pool.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(500);
    on.pool.release(first);
    expect(fakeOf(first).alive).toBe(false);
    expect(fakeOf(second).alive).toBe(true);
    await expect(isSettled(drained)).resolves.toBe(false);
    on.pool.release(second);
    await expect(isSettled(drained)).resolves.toBe(true);
    await on.pool.onApplicationShutdown();
    expect(on.pool.stats()).toMatchObject({ inUse: 0, ending: 0, destroyedBy: { shutdown: 2 } });
    // Nothing is left to fire when drainTimeoutMs is over.
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends what still runs after drainTimeoutMs', async () => {
    await open(1, { drainTimeoutMs: 500 });
    const lease = await acquire('a');
    const drained = on.pool.drain();
    await jest.advanceTimersByTimeAsync(499);
    expect(fakeOf(lease).alive).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect(fakeOf(lease).goneError).toMatchObject({ reason: 'shutdown' });
    await drained;
  });

  it('ends idle VMs at once, as a shutdown, and replaces none', async () => {
    await open(3);
    await on.pool.close();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(on.pool.stats()).toMatchObject({ available: 0, starting: 0, created: 3, destroyedBy: { shutdown: 3 } });
    expect(on.factory.startsAsked).toBe(3);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits until every process is gone', async () => {
    await open(1);
    const vm = on.factory.vms[0] as FakeVm;
    vm.lingers = true;
    const closed = on.pool.close();
    await expect(isSettled(closed)).resolves.toBe(false);
    vm.exit();
    await closed;
  });

  describe('while a VM starts', () => {
    const killAndHoldStart = async (): Promise<void> => {
      await open(1);
      await jest.advanceTimersByTimeAsync(1000);
      on.factory.holdsStarts = true;
      on.factory.vms[0]?.exit();
      await settle();
    };

    it('waits for that, and ends what comes of it', async () => {
      await killAndHoldStart();
      const closed = on.pool.close();
      await settle();
      on.factory.heldStarts[0]?.succeed();
      await closed;
      expect(on.factory.destroyed).toMatchObject([{ vm: { id: 'vm-2' }, reason: 'shutdown' }]);
      expect(on.factory.living).toEqual([]);
    });

    it('does not try again when that fails', async () => {
      await killAndHoldStart();
      const closed = on.pool.close();
      on.factory.heldStarts[0]?.fail();
      await closed;
      await jest.advanceTimersByTimeAsync(60_000);
      expect(on.factory.startsAsked).toBe(2);
    });

    it('tells it to give up, which is then no error', async () => {
      await killAndHoldStart();
      on.factory.heedsSignals = true;
      await on.pool.close();
      expect(on.factory.startsGivenUp).toBe(1);
      expect(on.pool.stats()).toMatchObject({ starting: 0, errors: 0 });
    });
  });

  it('gives up on starts that were to be tried again', async () => {
    on.factory.failingStarts = 1;
    await open(2);
    await on.pool.close();
    const { startsAsked } = on.factory;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(on.factory.startsAsked).toBe(startsAsked);
  });

  it('reaches a caller whose VM is just made ready', async () => {
    await open(1);
    await visit('a');
    on.factory.holdsResets = true;
    const waiting = endOf(acquire('b'));
    await settle();
    await on.pool.close();
    await expect(waiting).resolves.toEqual(shuttingDown);
  });

  it('starts no VM for one whose isolate was being replaced', async () => {
    await open(1);
    await visit('a');
    on.factory.holdsResets = true;
    void endOf(acquire('b'));
    await settle();
    const { startsAsked } = on.factory;
    await on.pool.drain();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(on.factory.startsAsked).toBe(startsAsked);
    expect(on.pool.stats()).toMatchObject({ starting: 0 });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends a start of the application that has no VM yet', async () => {
    on.factory.holdsStarts = on.factory.heedsSignals = true;
    on.make(1);
    const started = endOf(on.pool.onModuleInit());
    await settle();
    await on.pool.close();
    await expect(started).resolves.toMatchObject({ message: expect.stringContaining('shutting down') });
  });

  it('may be asked to twice', async () => {
    await open(1);
    await Promise.all([on.pool.close(), on.pool.beforeApplicationShutdown()]);
    await on.pool.close();
    expect(on.factory.living).toEqual([]);
  });
});
