import { invoke, keep } from '../../test-support/invoke.ts';
import { LONG_MS, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import type { VmProcess } from './vm-process.ts';

const { start } = useVmProcesses();

const HOUR_MS = 3_600_000;
const BODY = `
  if (input === 'hang') for (;;);
  if (input === 'be late') { const until = Date.now() + 300; while (Date.now() < until); }
  return input;`;

/** Each for an hour, so that its timer is kept. */
async function invokeOften(vm: VmProcess, times: number): Promise<void> {
  await keep(vm, BODY);
  for (let n = 0; n < times; n += 100) {
    await Promise.all(Array.from({ length: 100 }, async () => invoke(vm, n, { timeoutMs: HOUR_MS })));
  }
}

const hang = async (vm: VmProcess): Promise<string> => invoke(vm, 'hang', { timeoutMs: 100 });

describe('A VM process', () => {
  it('sets a timer for each of thousands of invocations', async () => {
    const vm = await start();
    await invokeOften(vm, 7500);
    await expect(hang(vm)).resolves.toBe('timed-out');
  });

  it('has timers left for invocations whatever a script has had before', async () => {
    const vm = await start();
    const ticks =
      'await Promise.all(Array.from({ length: 6000 }, () => new Promise((resolve) => setTimeout(resolve, 1))));';
    const { outcome } = await vm.run(request(`${ticks} return 1`, { timeoutMs: HOUR_MS }, 'function'));
    expect(outcome.kind).toBe('value');
    await invokeOften(vm, 3500);
    await expect(hang(vm)).resolves.toBe('timed-out');
  });

  describe('that was invoked so often that it sets no more', () => {
    it('is ended from outside when one takes too long', async () => {
      const vm = await start({ killGraceMs: 250 });
      await invokeOften(vm, 8000);
      const timer = setInterval(() => {
        vm.enforceLimits();
      }, 5);
      await expect(hang(vm)).resolves.toBe('wall');
      clearInterval(timer);
    });

    it('takes nothing from one that is done after its deadline', async () => {
      const vm = await start();
      await invokeOften(vm, 8000);
      await expect(invoke(vm, 'be late', { timeoutMs: 100 })).resolves.toBe('timed-out');
      await keep(vm, BODY);
      await expect(invoke(vm, 'be late', { timeoutMs: LONG_MS })).resolves.toBe('"be late"');
    });

    it('interrupts a run all the same, with what it has logged', async () => {
      const vm = await start();
      await invokeOften(vm, 8000);
      const { outcome, logs } = await vm.run(request('console.log(1); for (;;);', { timeoutMs: 100 }));
      expect(outcome).toMatchObject({ kind: 'timed-out', stack: expect.stringContaining('test.js:1') as string });
      expect(logs).toHaveLength(1);
    });
  });
});
