import { usePool } from '../../test-support/use-pool.ts';
import { Deadline } from '../admission/deadline.ts';

describe('VmPoolService and the boundary between tenants', () => {
  const on = usePool();
  const { acquire, fakeOf, open, settle, visit } = on;

  it('gives another tenant a new isolate in the same process, by default', async () => {
    await open(1);
    const first = await visit('a');
    const second = await visit('b');
    expect(second).toBe(first);
    expect(second.resets).toBe(1);
  });

  it('gives another tenant a new process, if told so', async () => {
    await open(1, { tenantBoundary: 'process' });
    const first = await visit('a');
    const again = await visit('a');
    const second = await visit('b');
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(first.resets + second.resets).toBe(0);
    expect(on.pool.stats().destroyedBy).toMatchObject({ rebind: 1 });
  });

  it('gives another tenant a new process when a new isolate would not be enough', async () => {
    await open(1);
    const first = await visit('a');
    first.canBeReset = false;
    const again = await visit('a');
    const second = await visit('b');
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(first.resets).toBe(0);
    expect(on.pool.stats().destroyedBy).toMatchObject({ rebind: 1 });
  });

  it('ends the least recently used VM for that, one for each who waits', async () => {
    await open(3, { tenantBoundary: 'process' });
    const [a, b, c] = [await visit('a'), await visit('b'), await visit('c')];
    on.factory.holdsStarts = true;
    const waiting = [acquire('d'), acquire('e')];
    await settle();
    expect([a.alive, b.alive, c.alive]).toEqual([false, false, true]);
    for (const start of [...on.factory.heldStarts]) start.succeed();
    const ids = (await Promise.all(waiting)).map(({ vm }) => vm.id);
    expect(ids.sort()).toEqual(['vm-4', 'vm-5']);
  });

  it('gives a tenant that wants a process for itself one that has served nobody, even where others share', async () => {
    await open(2, { tenants: { careful: { tenantBoundary: 'process' } } });
    await visit('a');
    await visit('b');
    // Its isolate is new now, but its process has served a.
    const shared = await visit('c');
    expect(shared.resets).toBe(1);
    await settle();
    const own = await visit('careful');
    expect(own.resets).toBe(0);
    expect(own.id).toBe('vm-3');
  });

  it('gives the process of such a tenant to nobody else', async () => {
    await open(1, { tenants: { careful: { tenantBoundary: 'process' } } });
    const own = await visit('careful');
    const other = await visit('a');
    expect(other).not.toBe(own);
    expect(own.alive).toBe(false);
  });

  it('prefers to replace the isolate of one who shares, though it was used more recently', async () => {
    await open(2, { tenants: { careful: { tenantBoundary: 'process' } } });
    const careful = await visit('careful');
    const shared = await visit('a');
    const next = fakeOf(await acquire('b', { deadline: new Deadline(1000) }));
    expect(next).toBe(shared);
    expect(careful.alive).toBe(true);
  });

  it('counts a tenant as careful from the moment on that its options say so', async () => {
    let tenantBoundary: 'isolate' | 'process' = 'isolate';
    await open(1, { tenants: (id: string) => (id === 'a' ? { tenantBoundary } : undefined) });
    await visit('b');
    const shared = await visit('a');
    expect(shared.resets).toBe(1);
    tenantBoundary = 'process';
    const own = await visit('a');
    expect(own).not.toBe(shared);
  });
});
