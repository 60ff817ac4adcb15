import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame } from '../protocol/frame.ts';
import { encodePlainAnswer } from '../protocol/plain-answer.ts';
import type { FakeAction } from '../../test-support/fake-vm.ts';
import { invoke, keep } from '../../test-support/invoke.ts';
import { fake, LONG_MS, READY, request, useVmProcesses } from '../../test-support/use-vm-processes.ts';
import type { VmProcess } from './vm-process.ts';

const { start } = useVmProcesses();

const ran = { type: 'ran', outcome: { kind: 'undefined' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 };

const BODY = `
  if (input === 'hang') for (;;);
  if (input === 'wait') await new Promise((resolve) => { setTimeout(resolve, 20); });
  if (input === 'fill') { const all = []; for (;;) all.push(new Array(1000).fill(0)); }
  return input;`;

describe.each([
  ['metered from outside', true],
  ['that meters itself', false],
])('A VM process %s', (_, metersOutside) => {
  it('ends what uses more CPU than it may, each by its own limit', async () => {
    const vm = await start({ metersOutside });
    await keep(vm, BODY);
    const timer = setInterval(() => {
      vm.enforceLimits();
    }, 5);
    try {
      await expect(invoke(vm, 1)).resolves.toBe('1');
      const outcome = await invoke(vm, 'hang', { maxCpuMs: 50 });
      expect(outcome).toBe(metersOutside ? 'cpu' : 'out-of-cpu');
    } finally {
      clearInterval(timer);
    }
  });

  it('runs nothing after what has taken all memory', async () => {
    const vm = await start({ metersOutside });
    await keep(vm, BODY);
    const all = await Promise.all(['fill', 1, 2].map(async (input) => invoke(vm, input)));
    // isolated-vm says so in time, or V8 aborts.
    expect(all).toEqual([expect.stringMatching(/^(out-of-)?memory$/), 'not begun', 'not begun']);
  });

  it('stops what takes too long, and knows none of its realms any more', async () => {
    const vm = await start({ metersOutside });
    await keep(vm, BODY);
    const all = await Promise.all([invoke(vm, 'hang', { timeoutMs: 50 }), invoke(vm, 1)]);
    expect(all).toEqual(['timed-out', 'not-held']);
    await expect(invoke(vm, 1)).resolves.toBe('no realm');
  });
});

describe('A VM process', () => {
  it('lets a realm go when all were run that were sent before', async () => {
    const vm = await start();
    await keep(vm, BODY);
    const invoked = ['wait', 1, 'wait', 2].map(async (input) => invoke(vm, input));
    vm.forget('key');
    await expect(invoke(vm, 3)).resolves.toBe('no realm');
    await expect(Promise.all(invoked)).resolves.toEqual(['"wait"', '1', '"wait"', '2']);
    // It is as fit as before.
    await keep(vm, BODY);
    await expect(invoke(vm, 3)).resolves.toBe('3');
  });

  it('refuses a request while it works on invocations', async () => {
    const vm = await start();
    await keep(vm, BODY);
    const invoked = invoke(vm, 'wait');
    await expect(vm.run(request('1'))).rejects.toThrow('works on another');
    await expect(vm.check(LONG_MS)).rejects.toThrow('works on another');
    await expect(invoked).resolves.toBe('"wait"');
  });
});

describe('What a VM process in other hands says of invocations', () => {
  const raw = (frame: Buffer): FakeAction => ({ raw: [...frame] });
  const plain = (id: number): FakeAction => raw(encodePlainAnswer({ id, cpuMs: 0, heapBytes: 0, resultJson: '1' }));

  /** Runs the first invocation as it should, and does this about the next. */
  const startHijacked = async (actions: readonly FakeAction[]): Promise<VmProcess> =>
    start({ command: fake({ atStart: [READY], onRequests: [[{ answer: ran }]], onInvokes: [actions] }) });

  it.each<[string, FakeAction]>([
    ['an answer out of turn', plain(3)],
    ['an answer to nobody', plain(9)],
    ['an answer that is none', raw(Buffer.concat([Buffer.of(0, 0, 0, 5, 0, 0, 0, 0), Buffer.of(1)]))],
    [
      'an answer that is too large',
      raw(encodeFrame({ ...ran, id: 2, outcome: { kind: 'value' } }, ['x'.repeat(2000)])),
    ],
    ['that it gives back what nobody asked for', raw(encodeFrame({ type: 'recalled', ids: [3] }))],
    ['that it has replaced its isolate, out of the blue', raw(encodeFrame({ type: 'replaced' }))],
    ['a call that none may make', raw(encodeFrame({ type: 'call', id: 2, call: 1, api: 'a.b' }, ['[]']))],
  ])('%s: ends it, and all that were sent are told', async (_, action) => {
    const vm = await startHijacked([action]);
    await keep(vm, BODY);
    const invoked = await Promise.all([invoke(vm, 1), invoke(vm, 2)]);
    expect(invoked).toEqual(['protocol', 'not begun']);
    await expect(vm.exited).resolves.toMatchObject({ reason: 'protocol' });
  });

  it('that it has replaced its isolate, once: is believed', async () => {
    const replaced = raw(encodeFrame({ type: 'replaced' }));
    const vm = await startHijacked([plain(2), replaced, replaced]);
    await keep(vm, BODY);
    await expect(invoke(vm, 1)).resolves.toBe('1');
    await expect(vm.exited).resolves.toMatchObject({ reason: 'protocol' });
  });

  it.each([
    ['has begun', [], ['memory of another', 'memory']],
    ['goes on', [raw(encodeFrame({ type: 'woken', id: 2 }))], ['memory', 'memory of another']],
  ])('right before it dies by itself: which of several %s is to blame', async (_, said, ends) => {
    const began = raw(encodeFrame({ type: 'began', id: 3 }));
    const onInvokes = [[], [began, ...said, { abort: true } as const]];
    const vm = await start({
      command: { ...fake({ atStart: [READY], onRequests: [[{ answer: ran }]], onInvokes }), maxOverlap: 2 },
    });
    await keep(vm, BODY);
    await expect(Promise.all([invoke(vm, 1), invoke(vm, 2)])).resolves.toEqual(ends);
    await expect(vm.exited).resolves.toMatchObject({ reason: 'memory', signal: 'SIGABRT' });
  });

  it('is read before one is ended for what came after its answer', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'invocations-'));
    const mayAnswer = join(directory, 'may-answer');
    try {
      const vm = await startHijacked([{ waitFor: mayAnswer }, plain(2), { useCpuMs: 100 }, plain(3)]);
      await keep(vm, BODY);
      const invoked = [invoke(vm, 1, { maxCpuMs: 50 }), invoke(vm, 2)];
      vm.enforceLimits();
      // As the pool does, in a timer; while this process is busy, it reads nothing.
      setTimeout(() => {
        const before = vm.cpuMs() ?? 0;
        writeFileSync(mayAnswer, '');
        while ((vm.cpuMs() ?? Infinity) < before + 80);
        vm.enforceLimits();
      });
      await expect(Promise.all(invoked)).resolves.toEqual(['1', '1']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
