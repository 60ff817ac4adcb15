import type { FakeAction } from '../../test-support/fake-vm.ts';
import { expectGone, LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import type { VmProcess } from './vm-process.ts';

const { start, startFake } = useVmProcesses();

const done: FakeAction = { answer: { type: 'done' } };
const recycled: FakeAction = { answer: { type: 'recycled', replaced: false } };

/** Resolves when the VM says that it has recycled. */
async function recycling(vm: VmProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    vm.onRecycled = resolve;
  });
}

describe('VmProcess.onRecycled', () => {
  it('is called when the realm for the next request is made, each time', async () => {
    const vm = await start();
    for (let count = 0; count < 3; count++) {
      const hasRecycled = recycling(vm);
      await vm.run(request('1'));
      await hasRecycled;
      expect(vm.recycled).toBe(true);
    }
  });

  it('is not called for a request that another has followed', async () => {
    const vm = await startFake([done], [{ send: { type: 'recycled', id: 1, replaced: false } }, done, recycled]);
    const seen: boolean[] = [];
    const hasRecycled = new Promise<void>((resolve) => {
      vm.onRecycled = () => {
        seen.push(vm.recycled);
        resolve();
      };
    });
    await vm.check(LONG_MS);
    await vm.check(LONG_MS);
    await hasRecycled;
    expect(seen).toEqual([true]);
  });

  it('may end the VM, which then says no more', async () => {
    const vm = await startFake([done, recycled, { raw: [255, 255, 255, 255] }], [done]);
    let calls = 0;
    vm.onRecycled = () => {
      calls++;
      vm.kill('age');
    };
    await vm.check(LONG_MS);
    expect(await vm.exited).toMatchObject({ reason: 'age' });
    expect(calls).toBe(1);
  });

  it('is not called once the VM was told to end', async () => {
    const vm = await startFake([done, recycled]);
    let calls = 0;
    vm.onRecycled = () => calls++;
    const check = vm.check(LONG_MS);
    vm.kill('cancelled');
    await expectGone(check, 'cancelled');
    await vm.exited;
    expect(calls).toBe(0);
  });
});
