import { jest } from '@jest/globals';
import { Cancellation } from '../../admission/cancellation.ts';
import { Deadline } from '../../admission/deadline.ts';
import { JsRuntimeError } from '../../errors/js-runtime-error.ts';
import type { InvocationReply, InvocationRequest } from '../../process/invocation-line.ts';
import { VmGoneError } from '../../process/vm-gone.error.ts';
import type { RetireReason } from '../../process/retire-reason.ts';
import type { AcquireOptions } from '../../pool/vm-pool.service.ts';
import type { VmLease } from '../../pool/vm-lease.ts';
import { BrokenRealms } from './broken-realms.ts';
import { WarmFunction } from './warm-function.ts';
import type { WarmInvocation } from './warm-invocation.ts';

/** A VM that answers when the test says so. */
class FakeLineVm {
  readonly id = 'vm-1';
  alive = true;
  realm: number | undefined = 1;
  recalls = 0;
  ranMs = 1000;
  forgotten = 0;
  killedFor: RetireReason | undefined;
  readonly line: InvocationRequest[] = [];

  warmRealm(): number | undefined {
    return this.realm;
  }

  keeps(): boolean {
    return this.realm !== undefined;
  }

  linked(): undefined {
    return undefined;
  }

  invoke(_: number, request: InvocationRequest): void {
    this.line.push(request);
  }

  recall(): void {
    this.recalls++;
  }

  forget(): void {
    this.forgotten++;
    this.realm = undefined;
  }

  cpuMs(): number | undefined {
    return this.alive ? this.ranMs : undefined;
  }

  kill(reason: RetireReason): void {
    this.killedFor ??= reason;
    this.alive = false;
    const error = new VmGoneError(reason);
    this.line.splice(0).forEach((request, index) => {
      request.onGone(error, index === 0);
    });
  }

  answer(reply: Partial<InvocationReply> = {}): void {
    const plain = { logs: [], cpuMs: 0, heapBytes: 0, resultJson: '1', resultBytes: 1 };
    this.line.shift()?.onReply({ outcome: { kind: 'value' }, ...plain, ...reply });
  }
}

/** Leases what the test gives. */
class FakePool {
  waiting = 0;
  behind = 0;
  refusal: JsRuntimeError | undefined;
  readonly asked: (AcquireOptions & PromiseWithResolvers<VmLease>)[] = [];
  readonly returned: unknown[] = [];

  async acquire(options: AcquireOptions): Promise<VmLease> {
    const one = { ...options, ...Promise.withResolvers<VmLease>() };
    this.asked.push(one);
    options.signal?.addEventListener('abort', () => {
      one.reject(new JsRuntimeError('CANCELLED', 'cancelled'));
    });
    return one.promise;
  }

  giveBack(lease: VmLease): void {
    this.returned.push(lease.vm);
  }

  refusalBehind(): JsRuntimeError | undefined {
    return this.refusal;
  }

  lateBehind(): JsRuntimeError {
    return new JsRuntimeError('TENANT_BUSY', 'late');
  }

  waitBehind(_: string, more: number): void {
    this.behind += more;
  }
}

const tick = async (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('WarmFunction', () => {
  let pool: FakePool;
  let first: string[];
  let idle: number;
  let made: WarmFunction;
  let outcomes: string[];
  let lastNumber: number;
  let usedBeside: unknown[];
  const vms: FakeLineVm[] = [];

  beforeEach(() => {
    // Time passes when a test says so: a process that is off the CPU for 20 ms asks back what a test does not expect.
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
    // `performance.now()` is 0 for what has not been yet.
    jest.advanceTimersByTime(1000);
    pool = new FakePool();
    first = [];
    outcomes = [];
    idle = lastNumber = 0;
    const counts = { idle: 0 };
    const runner = {
      runIn: async (_: unknown, { id }: { id: string }) => {
        first.push(id);
        return Promise.resolve({ executionId: id, value: 'first', logs: [], vmId: 'vm-1' });
      },
    };
    const beside: unknown[] = (usedBeside = []);
    const usage = {
      usedBeside: (...args: unknown[]) => {
        beside.push(args);
      },
    };
    const imports = { areCurrent: () => true };
    made = new WarmFunction('key', 'acme', pool, runner, usage, imports, new BrokenRealms(), null, () => {
      idle = ++counts.idle;
    });
  });

  afterEach(async () => {
    for (const vm of vms.splice(0)) vm.kill('shutdown');
    await tick();
    made.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'stopping'));
    made.releaseIdle();
    await tick();
    jest.useRealTimers();
  });

  const add = (name: string, timeoutMs = 10_000, signal = new Cancellation()): Cancellation => {
    const nothing = (): void => undefined;
    const tells = { hasVm: nothing, hasCode: nothing, hasUsed: nothing, hasReply: nothing };
    const tracker = { limits: { timeoutMs }, elapsedMs: 1, ...tells };
    const calls = { onCall: nothing, end: nothing, inCallersContext: <R>(run: () => R) => run() };
    made.add({
      number: ++lastNumber,
      execution: { id: name, budget: { tracker, deadline: new Deadline(timeoutMs), signal } },
      script: { id: 'script' },
      inputJson: '',
      bridge: { commonJson: '{}', calls },
      onCancel: () => undefined,
      resolve: ({ value }: { value: unknown }) => outcomes.push(`${name}: ${String(value)}`),
      reject: ({ code }: JsRuntimeError) => outcomes.push(`${name}: ${code}`),
    } as unknown as WarmInvocation);
    return signal;
  };
  const lend = async (vm = new FakeLineVm()): Promise<FakeLineVm> => {
    vms.push(vm);
    pool.asked.at(-1)?.resolve({ vm } as unknown as VmLease);
    await tick();
    return vm;
  };
  /** So short that many may be in line. */
  const areShort = (): void => {
    for (let n = 0; n < 200; n++) made.depth.took(0, 0);
  };
  const namesIn = (vm: FakeLineVm): string[] => vm.line.map(({ executionId }) => executionId);

  it('asks for one VM at a time, and gives it back when there is nothing to do', async () => {
    add('a');
    add('b');
    expect(pool.asked).toHaveLength(1);
    expect(pool.behind).toBe(2);
    areShort();
    const vm = await lend();
    expect(namesIn(vm)).toEqual(['a', 'b']);
    expect(pool.behind).toBe(0);
    vm.answer();
    vm.answer();
    expect(outcomes).toEqual(['a: 1', 'b: 1']);
    jest.advanceTimersByTime(4);
    expect(pool.returned).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(pool.returned).toEqual([vm]);
    expect(idle).toBe(1);
  });

  it('gives back at once what others wait for', async () => {
    add('a');
    const vm = await lend();
    pool.waiting = 1;
    vm.answer();
    expect(pool.returned).toEqual([vm]);
    expect(idle).toBe(1);
  });

  it('has the first run in a realm that is kept then', async () => {
    add('a');
    const vm = new FakeLineVm();
    vm.realm = undefined;
    await lend(vm);
    expect(first).toEqual(['a']);
    expect(outcomes).toEqual(['a: first']);
  });

  it('has one run first when its realm was not held after all, and those behind it in order', async () => {
    areShort();
    for (const name of ['a', 'b', 'c']) add(name);
    const vm = await lend();
    for (let n = 0; n < 3; n++) vm.answer({ outcome: { kind: 'not-held' } });
    await tick();
    expect(vm.forgotten).toBe(3);
    expect(first).toEqual(['a', 'b', 'c']);
  });

  it('waits until all have come back whose realm is gone, and asks for another VM meanwhile', async () => {
    areShort();
    for (const name of ['a', 'b']) add(name);
    const vm = await lend();
    vm.realm = undefined;
    for (const name of ['c', 'd']) add(name);
    await tick();
    expect(namesIn(vm)).toEqual(['a', 'b']);
    expect(pool.behind).toBe(2);
    expect(pool.asked).toHaveLength(2);
    vm.answer();
    vm.answer();
    await tick();
    expect(first).toEqual(['c', 'd']);
  });

  it('rejects what had begun in a VM that ends, and runs the others elsewhere, in order', async () => {
    areShort();
    for (const name of ['a', 'b', 'c']) add(name);
    const vm = await lend();
    vm.kill('crashed');
    await tick();
    expect(outcomes).toEqual(['a: VM_CRASHED']);
    expect(pool.returned).toEqual([vm]);
    const other = await lend();
    expect(namesIn(other)).toEqual(['b', 'c']);
  });

  it('is told of a cancellation wherever it is, and not after its end', async () => {
    areShort();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => add(name));
    const vm = await lend();
    const waiting = add('d');
    b?.cancel();
    expect(vm.recalls).toBe(1);
    vm.answer();
    a?.cancel();
    expect(vm.killedFor).toBeUndefined();
    vm.line.splice(0, 1)[0]?.onRecalled();
    expect(outcomes).toEqual(['b: CANCELLED', 'a: 1']);
    c?.cancel();
    expect(vm.killedFor).toBe('cancelled');
    waiting.cancel();
    await tick();
    expect(outcomes).toEqual(['b: CANCELLED', 'a: 1', 'c: CANCELLED', 'd: CANCELLED']);
    expect(pool.behind).toBe(0);
    expect(idle).toBe(1);
  });

  it('gives up the lease that it waits for when nobody waits for it any more', async () => {
    const signal = add('a');
    signal.cancel();
    expect(pool.asked[0]?.signal?.aborted).toBe(true);
    await tick();
    expect(outcomes).toEqual(['a: CANCELLED']);
    expect(idle).toBe(1);
  });

  it.each([
    ['was cancelled', () => AbortSignal.abort(), 'CANCELLED'],
    ['may not wait', () => undefined, 'TENANT_BUSY'],
  ])('keeps nothing for one that %s', (_, signal, code) => {
    pool.refusal = new JsRuntimeError('TENANT_BUSY', 'no more');
    add('a', 10_000, new Cancellation(signal()));
    expect(outcomes).toEqual([`a: ${code}`]);
    expect(idle).toBe(1);
  });

  it('refuses what has no VM and cannot have one, one by one', async () => {
    for (const name of ['a', 'b']) add(name);
    for (let n = 0; n < 2; n++) {
      pool.asked.at(-1)?.reject(new JsRuntimeError('POOL_EXHAUSTED', 'none'));
      await tick();
    }
    expect(outcomes).toEqual(['a: POOL_EXHAUSTED', 'b: POOL_EXHAUSTED']);
    expect(idle).toBe(1);
  });

  it('goes on with the VMs that it has where it cannot have another', async () => {
    for (const name of ['a', 'b']) add(name);
    const vm = await lend();
    pool.asked.at(-1)?.reject(new JsRuntimeError('POOL_EXHAUSTED', 'none'));
    await tick();
    expect(outcomes).toEqual([]);
    vm.answer();
    vm.answer();
    expect(outcomes).toEqual(['a: 1', 'b: 1']);
  });

  it('asks again for a VM that it was refused while those that it has take long', async () => {
    for (const name of ['a', 'b']) add(name);
    await lend();
    pool.asked.at(-1)?.reject(new JsRuntimeError('POOL_EXHAUSTED', 'none'));
    await tick();
    jest.advanceTimersByTime(100);
    expect(pool.asked).toHaveLength(2);
    jest.advanceTimersByTime(10);
    expect(pool.asked).toHaveLength(3);
    expect(namesIn(await lend())).toEqual(['b']);
  });

  it('refuses all that wait when it is told to', async () => {
    for (const name of ['a', 'b']) add(name);
    const vm = await lend();
    made.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'stopping'));
    expect(outcomes).toEqual(['b: SHUTTING_DOWN']);
    expect(pool.behind).toBe(0);
    vm.answer();
    expect(outcomes).toEqual(['b: SHUTTING_DOWN', 'a: 1']);
  });

  it.each([
    ['what its VM used beyond that', 10, 0.5, 4.5],
    ['nothing where they say more', 10, 1, 0],
  ])('charges its tenant, beside what invocations say, with %s', async (_, cpuMs, each, rest) => {
    for (const name of 'abcdefghijk') add(name);
    areShort();
    const vm = await lend();
    vm.ranMs += cpuMs;
    for (let n = 0; n < 11; n++) vm.answer({ cpuMs: each });
    made.releaseIdle();
    expect(usedBeside).toEqual([['acme', expect.closeTo(rest)]]);
  });

  it('charges its tenant with what a VM was seen to have used that has ended', async () => {
    add('a');
    const vm = await lend();
    vm.ranMs += 50;
    jest.advanceTimersByTime(10);
    vm.ranMs += 5;
    vm.kill('crashed');
    expect(usedBeside).toEqual([['acme', 50]]);
  });

  it('asks back what is behind one that takes long, and sends nothing there any more', async () => {
    areShort();
    for (const name of ['a', 'b']) add(name);
    const vm = await lend();
    jest.advanceTimersByTime(20);
    expect(vm.recalls).toBe(0);
    jest.advanceTimersByTime(10);
    expect(vm.recalls).toBe(1);
    vm.line.splice(1, 1)[0]?.onRecalled();
    add('c');
    await tick();
    expect(namesIn(vm)).toEqual(['a']);
    expect(pool.asked).toHaveLength(2);
    const other = await lend();
    expect(namesIn(other)).toEqual(['b', 'c']);
    vm.answer();
    add('d');
    expect(namesIn(vm)).toEqual(['d']);
  });
});
