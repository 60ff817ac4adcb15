import { getEventListeners } from 'node:events';
import { compileOptions } from '../config/compile-options.ts';
import { TenantPolicies, type TenantOverrides } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { AdmissionQueue } from './admission-queue.ts';
import { Deadline } from './deadline.ts';
import type { TenantLine } from './tenant-line.ts';

const { jest } = import.meta;

interface QueueOptions extends TenantOverrides {
  readonly queueSize?: number;
  readonly parallelism?: number;
  /** What differs for single tenants, as it is at the moment. */
  readonly tenants?: Record<string, TenantOverrides>;
}

describe('AdmissionQueue', () => {
  let queue: AdmissionQueue<string>;
  /** Whom the queue told of whom it sent away. */
  let refused: JsRuntimeError[];
  /** What is lent, oldest first. */
  let running: Map<string, TenantLine<string>>;
  let served: number;

  function open({ queueSize = 1000, parallelism = 1, tenants = {}, ...policy }: QueueOptions = {}): void {
    const options = compileOptions({
      tenantConcurrency: 100,
      tenantQueueSize: 1000,
      ...policy,
      tenants: (id: string) => tenants[id],
    });
    const policies = new TenantPolicies(options);
    refused = [];
    running = new Map();
    served = 0;
    queue = new AdmissionQueue(
      policies,
      queueSize,
      () => parallelism,
      (error) => refused.push(error),
    );
  }

  /** Waits in a tenant's line. Comes to what it got, or to the error with which it was sent away. */
  async function ask(tenantId: string, timeoutMs = 1000, signal?: AbortSignal): Promise<unknown> {
    return queue.wait(queue.lineOf(tenantId), new Deadline(timeoutMs), signal).catch((error: unknown) => error);
  }

  /** One asks for each letter, which is its tenant. */
  function askAll(tenantIds: string): void {
    for (const tenantId of tenantIds) void ask(tenantId);
  }

  /** Lends to whoever is next, and says whose it was. */
  function serve(): string {
    const waiter = queue.inTurn().next().value;
    if (!waiter) return '-';
    const item = `item ${++served}`;
    take(waiter.line, item);
    waiter.grant(item);
    return waiter.line.tenantId;
  }

  function take(line: TenantLine<string>, item: string): void {
    queue.took(line, item);
    running.set(item, line);
  }

  /** The tenant's oldest comes back. */
  function giveBack(tenantId: string): void {
    for (const [item, line] of running) {
      if (line.tenantId !== tenantId) continue;
      running.delete(item);
      queue.gaveBack(line, item);
      return;
    }
    throw new Error(`${tenantId} has nothing to give back`);
  }

  /** So many turns, one after the other, as with a single VM. */
  function turns(count: number): string {
    let order = '';
    for (let i = 0; i < count; i++) {
      const tenantId = serve();
      order += tenantId;
      if (tenantId !== '-') giveBack(tenantId);
    }
    return order;
  }

  /** The tenants of all who are next, in order. */
  function order(): string {
    return [...queue.inTurn()].map(({ line }) => line.tenantId).join('');
  }

  function count(tenantId: string, within: string): number {
    return within.split(tenantId).length - 1;
  }

  beforeEach(() => {
    jest.useFakeTimers();
    open();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  describe('turns', () => {
    it('are taken by one tenant after the other, however many of each wait and whoever came first', () => {
      askAll('aaaabbbc');
      expect(turns(9)).toBe('abcababa-');
    });

    it('are taken within a tenant in the order in which its callers came', async () => {
      const asked = [ask('a'), ask('a'), ask('a')];
      turns(3);
      await expect(Promise.all(asked)).resolves.toEqual(['item 1', 'item 2', 'item 3']);
    });

    it('may have more than one in them', () => {
      askAll('aabb');
      const [first] = [...queue.inTurn()];
      if (!first) throw new Error('nobody is next');
      take(first.line, 'item of a');
      const more = queue.nextOf('a');
      if (!more) throw new Error('no other of a waits');
      first.grant('item of a');
      queue.tookMore(more.line, 'another of a');
      running.set('another of a', more.line);
      more.grant('another of a');
      askAll('a');
      expect(turns(3)).toBe('bab');
    });

    it('are taken by weight', () => {
      open({ tenants: { a: { tenantWeight: 3 } } });
      askAll('aaaaaaaaaaaabbbbbbbbbbbb');
      for (let round = 0; round < 3; round++) expect(count('a', turns(4))).toBe(3);
    });

    it('of a heavy tenant do not come all at once', () => {
      open({ tenants: { a: { tenantWeight: 10 }, b: { tenantWeight: 10 } } });
      askAll('a'.repeat(50) + 'b'.repeat(50) + 'c'.repeat(50));
      expect(turns(42)).not.toMatch(/aaa|bbb|cc/);
    });

    it('are told beforehand as they will be taken', () => {
      open({ tenants: { a: { tenantWeight: 3 }, b: { tenantWeight: 2 } } });
      askAll('aaaaaaaaabbbbbbccc');
      const foretold = order();
      expect(foretold).toHaveLength(18);
      expect(Array.from({ length: 18 }, serve).join('')).toBe(foretold);
    });

    it('are not used up by looking who is next', () => {
      askAll('aabb');
      expect([order(), order(), queue.isAnybodyNext, order()]).toEqual(['abab', 'abab', true, 'abab']);
    });

    it('are counted as well when somebody gets something without having waited', () => {
      askAll('aabb');
      expect(serve()).toBe('a');
      take(queue.lineOf('b'), 'found idle');
      take(queue.lineOf('b'), 'found idle, too');
      expect(order()).toBe('abb');
    });
  });

  describe('a tenant that comes new', () => {
    beforeEach(() => {
      askAll('a'.repeat(100));
      turns(50);
      askAll('b'.repeat(20));
    });

    it('does not wait until the others have had what they asked for before', () => {
      expect(turns(2)).toContain('b');
    });

    it('has no turns for the time before it came', () => {
      const next = turns(10);
      expect(count('b', next)).toBeGreaterThanOrEqual(4);
      expect(count('b', next)).toBeLessThanOrEqual(6);
    });

    it('may have been there before: what it had then does not count any more', () => {
      turns(100);
      askAll('b'.repeat(20));
      turns(15);
      askAll('a'.repeat(20));
      const next = turns(10);
      expect(count('a', next)).toBeGreaterThanOrEqual(4);
      expect(count('a', next)).toBeLessThanOrEqual(6);
    });
  });

  it('gives no turns to a tenant for the time in which it ran something and nobody of it waited', () => {
    take(queue.lineOf('a'), 'endless');
    askAll('b'.repeat(30));
    turns(20);
    askAll('a'.repeat(10));
    const next = order().slice(0, 10);
    expect(count('a', next)).toBeGreaterThanOrEqual(4);
    expect(count('a', next)).toBeLessThanOrEqual(6);
  });

  describe('a tenant that runs as many as it may', () => {
    beforeEach(() => {
      open({ tenants: { a: { tenantConcurrency: 1 } } });
      askAll('a'.repeat(20) + 'b'.repeat(60));
      serve();
    });

    it('is passed over', () => {
      expect(turns(20)).toBe('b'.repeat(20));
    });

    it('is next as soon as it may run one more: it is not charged for having been passed over', () => {
      turns(20);
      giveBack('a');
      expect(serve()).toBe('a');
    });

    it('does not get the turns that it missed', () => {
      turns(20);
      giveBack('a');
      const next = turns(10);
      expect(count('a', next)).toBeGreaterThanOrEqual(4);
      expect(count('a', next)).toBeLessThanOrEqual(6);
    });

    it('is nobody who is next, even if it is the only one', () => {
      turns(60);
      expect([order(), queue.isAnybodyNext, queue.waiting]).toEqual(['', false, 19]);
      giveBack('a');
      expect([order(), queue.isAnybodyNext, queue.waiting]).toEqual(['a', true, 19]);
    });

    it('has no more of its callers in turn than it may still run', () => {
      open({ tenantConcurrency: 3 });
      askAll('aaaaab');
      serve();
      expect(order()).toBe('baa');
    });
  });

  describe('turns that were taken', () => {
    it('are not forgotten by a tenant that asks one at a time, while others wait', () => {
      open({ tenants: { b: { tenantWeight: 10 } } });
      askAll('b'.repeat(500));
      let all = '';
      let current = serve();
      for (let turn = 0; turn < 110; turn++) {
        if (queue.lineOf('a').isEmpty) askAll('a');
        giveBack(current);
        current = serve();
        all += current;
      }
      expect(count('a', all)).toBeLessThanOrEqual(15);
    });

    it('are not made up for, when they were missed', () => {
      open({ tenants: { a: { tenantConcurrency: 5 } } });
      askAll('a'.repeat(10) + 'b'.repeat(60));
      for (let held = 0; held < 5;) {
        const tenantId = serve();
        if (tenantId === 'a') held++;
        else giveBack('b');
      }
      expect(turns(30)).toBe('b'.repeat(30));
      for (let turn = 0; turn < 5; turn++) giveBack('a');
      expect(order().slice(0, 8)).toBe('aabababa');
    });
  });

  describe('a place for which something is owed', () => {
    it('stays taken until that is settled', () => {
      open({ tenantConcurrency: 1 });
      askAll('aa');
      serve();
      const line = queue.lineOf('a');
      running.delete('item 1');
      queue.gaveBack(line, 'item 1', true);
      expect([order(), line.vacancies]).toEqual(['', 0]);
      queue.settled(line);
      expect([order(), line.vacancies]).toEqual(['a', 1]);
    });
  });

  describe('how many may wait', () => {
    it('is limited per tenant, those not counted who may run as soon as they can', async () => {
      open({ tenantConcurrency: 2, tenantQueueSize: 3 });
      askAll('aaaaa');
      expect(queue.waiting).toBe(5);
      // Nothing of it runs: it is not the tenant that is busy.
      await expect(ask('a')).resolves.toMatchObject({
        code: 'POOL_EXHAUSTED',
        message: 'No VM is free, and 5 of the tenant wait already',
      });
      serve();
      serve();
      await expect(ask('a')).resolves.toMatchObject({
        code: 'TENANT_BUSY',
        message: '2 executions of the tenant run, and 3 wait: no more may',
        details: { limit: { name: 'tenantConcurrency', allowed: 2, used: 2 } },
      });
      expect(queue.waiting).toBe(3);
    });

    it('is fewer as soon as some of them run', async () => {
      open({ tenantConcurrency: 2, tenantQueueSize: 1 });
      askAll('aaa');
      serve();
      serve();
      await expect(ask('a')).resolves.toMatchObject({ code: 'TENANT_BUSY', details: { limit: { used: 2 } } });
      giveBack('a');
      void ask('a');
      expect(queue.waiting).toBe(2);
    });

    it('may be nobody: then still as many wait for something free as may run', async () => {
      open({ tenantConcurrency: 2, tenantQueueSize: 0 });
      askAll('aa');
      await expect(ask('a')).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
      serve();
      serve();
      await expect(ask('a')).resolves.toMatchObject({ code: 'TENANT_BUSY' });
      giveBack('a');
      void ask('a');
      expect(order()).toBe('a');
    });

    it('is not limited by what other tenants do', () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 0 });
      askAll('abc');
      expect([order(), refused]).toEqual(['abc', []]);
    });

    it('is limited for all tenants together', async () => {
      open({ queueSize: 2 });
      askAll('ab');
      await expect(ask('c')).resolves.toMatchObject({
        code: 'POOL_EXHAUSTED',
        message: '2 executions wait already',
      });
      expect(queue.waiting).toBe(2);
      serve();
      void ask('c');
      expect([queue.waiting, order()]).toEqual([2, 'bc']);
    });

    it('may be nobody at all', async () => {
      open({ queueSize: 0 });
      await expect(ask('a')).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
    });

    it('is known again after some have gone, however they went', async () => {
      open({ queueSize: 3 });
      const controller = new AbortController();
      const asked = [ask('a', 100), ask('a', 1000, controller.signal), ask('a')];
      await jest.advanceTimersByTimeAsync(100);
      controller.abort();
      serve();
      await Promise.all(asked);
      expect(queue.waiting).toBe(0);
      askAll('bcd');
      expect(queue.waiting).toBe(3);
      await expect(ask('e')).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
    });
  });

  describe('at the deadline', () => {
    it('TENANT_BUSY is the end for one whose tenant runs as many as it may', async () => {
      open({ tenantConcurrency: 1 });
      askAll('a');
      serve();
      const late = ask('a', 100);
      await jest.advanceTimersByTimeAsync(99);
      expect([queue.waiting, refused]).toEqual([1, []]);
      await jest.advanceTimersByTimeAsync(1);
      await expect(late).resolves.toMatchObject({
        code: 'TENANT_BUSY',
        message: '1 executions of the tenant run, during all of 100 ms',
        details: { limit: { name: 'tenantConcurrency', allowed: 1, used: 1 } },
      });
      expect(queue.waiting).toBe(0);
    });

    it('POOL_EXHAUSTED is the end for one who only waited for something free', async () => {
      open({ tenantConcurrency: 1, tenants: { b: { tenantConcurrency: 2 } } });
      askAll('b');
      serve();
      const late = Promise.all([ask('a', 100), ask('b', 100)]);
      await jest.advanceTimersByTimeAsync(100);
      const exhausted = { code: 'POOL_EXHAUSTED', message: 'No VM came free within 100 ms' };
      await expect(late).resolves.toMatchObject([exhausted, exhausted]);
    });

    it('counts the time before the line was entered', async () => {
      const deadline = new Deadline(100);
      jest.advanceTimersByTime(60);
      const late = queue.wait(queue.lineOf('a'), deadline, undefined).catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(40);
      await expect(late).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
    });

    it('only those go whose deadline it is, wherever they are in the line', async () => {
      void ask('a', 200);
      const late = ask('a', 100);
      void ask('a', 300);
      await jest.advanceTimersByTimeAsync(100);
      await expect(late).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
      expect(order()).toBe('aa');
    });

    it('somebody else may see it first, and send them away', async () => {
      const late = ask('a', 100);
      void ask('b');
      const waiter = queue.inTurn().next().value;
      if (waiter) queue.refuseLate(waiter);
      await expect(late).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
      expect([order(), refused.length, jest.getTimerCount()]).toEqual(['b', 1, 1]);
    });
  });

  describe('when to come again', () => {
    /** Everybody who runs has done so for this long, and comes back. */
    function finishAll(afterMs: number): void {
      jest.advanceTimersByTime(afterMs);
      for (const { tenantId } of [...running.values()]) giveBack(tenantId);
    }

    async function retryAfterMs(tenantId: string): Promise<number | undefined> {
      const error = await ask(tenantId);
      if (!(error instanceof JsRuntimeError)) throw new Error(`${tenantId} was not refused`);
      return error.details.retryAfterMs;
    }

    it('is soon, before anything is known', async () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 0 });
      askAll('a');
      await expect(retryAfterMs('a')).resolves.toBe(100);
      open({ queueSize: 0 });
      await expect(retryAfterMs('a')).resolves.toBe(100);
    });

    it('is, for a busy tenant, after those of its own who wait already, as many at a time as it may run', async () => {
      open({ tenantConcurrency: 2, tenantQueueSize: 4, parallelism: 100 });
      askAll('aaaaaa');
      serve();
      serve();
      finishAll(500);
      serve();
      serve();
      askAll('aabbbbbbbb');
      await expect(retryAfterMs('a')).resolves.toBe(1500);
    });

    it('is, for an exhausted pool, after all who wait already, as many at a time as there are VMs', async () => {
      open({ queueSize: 5, parallelism: 3 });
      askAll('abc');
      Array.from({ length: 3 }, serve);
      finishAll(500);
      askAll('abbbb');
      await expect(retryAfterMs('c')).resolves.toBe(1000);
    });

    it('follows how long the executions take', async () => {
      open({ queueSize: 1 });
      for (const ms of [200, 400]) {
        for (let i = 0; i < 50; i++) {
          void ask('a');
          serve();
          finishAll(ms);
        }
        void ask('b');
        expect(Math.abs(((await retryAfterMs('a')) ?? 0) - 2 * ms)).toBeLessThan(10);
        turns(1);
      }
    });

    it('is not soon when the executions of a tenant do not end, though none was ever measured', async () => {
      open({ tenantConcurrency: 2, tenantQueueSize: 0 });
      askAll('a');
      serve();
      jest.advanceTimersByTime(20_000);
      askAll('a');
      serve();
      await expect(retryAfterMs('a')).resolves.toBe(20_000);
    });

    it('is not soon when the executions of all tenants do not end', async () => {
      open({ queueSize: 0, parallelism: 2 });
      for (const tenantId of ['a', 'b']) take(queue.lineOf(tenantId), tenantId);
      jest.advanceTimersByTime(20_000);
      await expect(retryAfterMs('c')).resolves.toBe(20_000);
    });

    it('is not put off by one that does not end among many that do', async () => {
      open({ queueSize: 0, parallelism: 10 });
      take(queue.lineOf('a'), 'endless');
      jest.advanceTimersByTime(20_000);
      for (let i = 0; i < 9; i++) take(queue.lineOf('b'), `short ${i}`);
      await expect(retryAfterMs('c')).resolves.toBe(2000);
    });

    it('is of the tenant itself when it is the tenant who is busy', async () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 0 });
      askAll('a');
      serve();
      jest.advanceTimersByTime(20_000);
      askAll('b');
      serve();
      await expect(retryAfterMs('b')).resolves.toBe(100);
    });

    it('is told at the deadline as well', async () => {
      open({ tenantConcurrency: 1, tenants: { b: { tenantConcurrency: 2 } } });
      askAll('ab');
      serve();
      serve();
      const late = Promise.all([ask('a', 4000), ask('b', 4000)]);
      await jest.advanceTimersByTimeAsync(4000);
      for (const error of (await late) as JsRuntimeError[]) {
        expect(error.details.retryAfterMs).toBeGreaterThanOrEqual(4000);
        expect(error.details.retryAfterMs).toBeLessThanOrEqual(12_000);
      }
    });
  });

  describe('a signal', () => {
    it('takes its caller out of the line, and nobody else', async () => {
      const [first, second] = [new AbortController(), new AbortController()];
      void ask('a', 1000, first.signal);
      const cancelled = ask('a', 1000, second.signal);
      second.abort();
      expect(order()).toBe('a');
      await expect(cancelled).resolves.toMatchObject({
        code: 'CANCELLED',
        message: 'The execution was cancelled while it waited for a VM',
      });
    });

    it('that fires after its caller was served does nothing', async () => {
      const controller = new AbortController();
      const granted = ask('a', 1000, controller.signal);
      serve();
      controller.abort();
      await expect(granted).resolves.toBe('item 1');
      expect([queue.waiting, refused]).toEqual([0, []]);
    });
  });

  it.each<[string, (controller: AbortController) => unknown]>([
    ['was served', serve],
    [
      'was cancelled',
      (controller): void => {
        controller.abort();
      },
    ],
    ['was too late', async () => jest.advanceTimersByTimeAsync(1000)],
    [
      'was sent away with all others',
      (): void => {
        queue.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'over'));
      },
    ],
  ])('neither timer nor listener is left of one who %s', async (_, end) => {
    const controller = new AbortController();
    const asked = ask('a', 1000, controller.signal);
    expect([jest.getTimerCount(), getEventListeners(controller.signal, 'abort').length]).toEqual([1, 1]);
    await end(controller);
    await asked;
    expect([jest.getTimerCount(), getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0]);
    expect(queue.waiting).toBe(0);
  });

  it('has neither timer nor listener for one whom it sends away at once', async () => {
    open({ queueSize: 0 });
    const { signal } = new AbortController();
    await ask('a', 1000, signal);
    expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  describe('onRefused', () => {
    const codes = (): string[] => refused.map(({ code }) => code);

    it('is told at once, before the caller is', () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 0, queueSize: 2 });
      askAll('a');
      serve();
      askAll('a');
      expect(codes()).toEqual(['TENANT_BUSY']);
      askAll('bcd');
      expect(codes()).toEqual(['TENANT_BUSY', 'POOL_EXHAUSTED']);
    });

    it('is told of a cancelled one within abort()', () => {
      const controller = new AbortController();
      void ask('a', 1000, controller.signal);
      controller.abort();
      expect(codes()).toEqual(['CANCELLED']);
    });

    it('is told of a late one when its timer fires', () => {
      void ask('a', 100);
      jest.advanceTimersByTime(100);
      expect(codes()).toEqual(['POOL_EXHAUSTED']);
    });

    it('is told of everybody once, and of the very error that the caller gets', async () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 2 });
      const controller = new AbortController();
      const asked = [ask('a', 50), ask('a', 1000, controller.signal), ask('a'), ask('a'), ask('b', 100)];
      await jest.advanceTimersByTimeAsync(50);
      controller.abort();
      controller.abort();
      queue.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'over'));
      await jest.advanceTimersByTimeAsync(5000);
      expect(new Set(refused)).toEqual(new Set(await Promise.all(asked)));
      expect(codes().sort()).toEqual([
        'CANCELLED',
        'POOL_EXHAUSTED',
        'POOL_EXHAUSTED',
        'SHUTTING_DOWN',
        'SHUTTING_DOWN',
      ]);
    });

    it('is not told of those who are served', async () => {
      const asked = ask('a', 100);
      serve();
      await jest.advanceTimersByTimeAsync(5000);
      await expect(asked).resolves.toBe('item 1');
      expect(refused).toEqual([]);
    });
  });

  describe('a policy that changes', () => {
    const tenants: Record<string, TenantOverrides> = {};

    beforeEach(() => {
      for (const tenantId of Object.keys(tenants)) Reflect.deleteProperty(tenants, tenantId);
      open({ tenants });
    });

    it('lets more run, also of those who wait already', () => {
      tenants.a = { tenantConcurrency: 1 };
      askAll('aaa');
      expect(order()).toBe('a');
      tenants.a = { tenantConcurrency: 3 };
      askAll('a');
      expect(order()).toBe('aaa');
    });

    it('lets fewer run, though more do', () => {
      askAll('aaaa');
      serve();
      serve();
      tenants.a = { tenantConcurrency: 1 };
      queue.lineOf('a');
      expect([order(), queue.lineOf('a').vacancies]).toEqual(['', 0]);
      giveBack('a');
      expect(order()).toBe('');
      giveBack('a');
      expect(order()).toBe('a');
    });

    it('lets fewer wait, and sends nobody away who does', async () => {
      askAll('aaaa');
      tenants.a = { tenantConcurrency: 1, tenantQueueSize: 1 };
      await expect(ask('a')).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
      expect(queue.waiting).toBe(4);
    });

    it('gives other weight to the turns from then on', () => {
      askAll('a'.repeat(100) + 'b'.repeat(100));
      expect(count('a', turns(20))).toBe(10);
      tenants.a = { tenantWeight: 4 };
      queue.lineOf('a');
      turns(1);
      expect(count('a', turns(20))).toBe(16);
    });

    it('changes nothing for other tenants', () => {
      tenants.a = { tenantConcurrency: 1 };
      askAll('aabb');
      expect(order()).toBe('abb');
    });

    it('is that of the line that has run and waits, which stays the same line', () => {
      askAll('aa');
      serve();
      const line = queue.lineOf('a');
      tenants.a = { tenantConcurrency: 7 };
      expect(queue.lineOf('a')).toBe(line);
      expect(line.policy.tenantConcurrency).toBe(7);
    });

    it('that is none is the error of whoever asks, and nobody waits', () => {
      tenants.a = { tenantConcurrency: -1 };
      expect(() => queue.lineOf('a')).toThrow('The options of tenant a are wrong');
      expect(queue.waiting).toBe(0);
    });
  });

  describe('what is kept of a tenant', () => {
    /** A line that the queue keeps is the same each time. */
    const isKept = (tenantId: string): boolean => queue.lineOf(tenantId) === queue.lineOf(tenantId);

    it('is nothing when it was only looked up', () => {
      expect(isKept('a')).toBe(false);
    });

    it('is its line while it waits or runs', () => {
      askAll('a');
      expect(isKept('a')).toBe(true);
      serve();
      expect(isKept('a')).toBe(true);
    });

    it('is its line when it runs without having waited', () => {
      take(queue.lineOf('a'), 'found idle');
      expect(isKept('a')).toBe(true);
    });

    it('is nothing after the last that ran has come back', () => {
      askAll('aa');
      serve();
      serve();
      giveBack('a');
      expect(isKept('a')).toBe(true);
      giveBack('a');
      expect(isKept('a')).toBe(false);
    });

    it('is its line when the last that ran has come back and somebody waits', () => {
      askAll('aa');
      serve();
      giveBack('a');
      expect(isKept('a')).toBe(true);
      expect(order()).toBe('a');
    });

    it('is nothing after the last who waited has gone', () => {
      const controller = new AbortController();
      void ask('a', 1000, controller.signal);
      void ask('a', 100);
      controller.abort();
      expect(isKept('a')).toBe(true);
      jest.advanceTimersByTime(100);
      expect(isKept('a')).toBe(false);
    });

    it('is its line when the last who waited has gone and something runs', () => {
      askAll('a');
      serve();
      void ask('a', 100);
      jest.advanceTimersByTime(100);
      expect(isKept('a')).toBe(true);
      giveBack('a');
      expect(isKept('a')).toBe(false);
    });

    it('is nothing when it is sent away at once', () => {
      open({ queueSize: 0 });
      askAll('a');
      expect(isKept('a')).toBe(false);
    });
  });

  describe('waitingSince', () => {
    /** One asks for each letter, a millisecond apart: the first at 0. */
    function askEveryMs(tenantIds: string): number {
      const start = performance.now();
      for (const tenantId of tenantIds) {
        void ask(tenantId);
        jest.advanceTimersByTime(1);
      }
      return start;
    }

    it('knows of nobody when nobody waits', () => {
      expect(queue.waitingSince(performance.now())).toEqual({ count: 0, nextSince: undefined });
    });

    it('counts who has waited since then or longer, and tells who will be the next', () => {
      const start = askEveryMs('abab');
      expect(queue.waitingSince(start - 1)).toEqual({ count: 0, nextSince: start });
      expect(queue.waitingSince(start)).toEqual({ count: 1, nextSince: start + 1 });
      expect(queue.waitingSince(start + 2)).toEqual({ count: 3, nextSince: start + 3 });
      expect(queue.waitingSince(start + 3)).toEqual({ count: 4, nextSince: undefined });
    });

    it('leaves out who may not run', () => {
      open({ tenantConcurrency: 2 });
      const start = askEveryMs('aaab');
      expect(queue.waitingSince(start + 3)).toEqual({ count: 3, nextSince: undefined });
      serve();
      serve();
      serve();
      expect(order()).toBe('');
      expect(queue.waitingSince(start + 3)).toEqual({ count: 0, nextSince: undefined });
      giveBack('a');
      expect(queue.waitingSince(start)).toEqual({ count: 0, nextSince: start + 2 });
    });

    it('forgets who has gone', () => {
      const start = askEveryMs('abc');
      serve();
      expect(queue.waitingSince(start + 1)).toEqual({ count: 1, nextSince: start + 2 });
    });
  });

  describe('isAnybodyNext', () => {
    it('is only true while somebody waits who may run', () => {
      expect(queue.isAnybodyNext).toBe(false);
      askAll('a');
      expect(queue.isAnybodyNext).toBe(true);
      serve();
      expect(queue.isAnybodyNext).toBe(false);
    });
  });

  describe('refuseAll', () => {
    it('sends everybody away, each with an error of its own', async () => {
      open({ tenantConcurrency: 1 });
      const asked = Promise.all([ask('a'), ask('a'), ask('b')]);
      let made = 0;
      queue.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', `${++made}`));
      expect(queue.waiting).toBe(0);
      expect(new Set((await asked) as JsRuntimeError[]).size).toBe(3);
      expect(refused.map(({ code }) => code)).toEqual(['SHUTTING_DOWN', 'SHUTTING_DOWN', 'SHUTTING_DOWN']);
    });

    it('leaves those alone who run, and the queue open', () => {
      askAll('aa');
      serve();
      queue.refuseAll(() => new JsRuntimeError('POOL_EXHAUSTED', 'none'));
      expect(queue.lineOf('a').running.size).toBe(1);
      askAll('b');
      expect(order()).toBe('b');
    });
  });

  describe('waitedMs', () => {
    const waited = (): number[] => queue.waitedMs(performance.now());

    beforeEach(() => {
      jest.useFakeTimers();
    });

    afterEach(() => {
      queue.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'the test is over'));
      jest.useRealTimers();
    });

    it('counts from when somebody could run, not while its tenant runs as many as it may', () => {
      open({ tenantConcurrency: 2 });
      askAll('aaa');
      expect(waited()).toEqual([0, 0]);
      serve();
      jest.advanceTimersByTime(300);
      expect(waited()).toEqual([300]);
      giveBack('a');
      expect(waited()).toEqual([300, 0]);
      jest.advanceTimersByTime(100);
      expect(waited()).toEqual([400, 100]);
    });

    it('counts the next one from when the one before has left', async () => {
      open({ tenantConcurrency: 1 });
      const controller = new AbortController();
      const first = ask('a', 1000, controller.signal);
      void ask('a');
      jest.advanceTimersByTime(300);
      controller.abort();
      await first;
      expect(waited()).toEqual([0]);
    });

    it('counts from when what was owed for the place has been settled', () => {
      open({ tenantConcurrency: 1 });
      const line = queue.lineOf('a');
      take(line, 'item');
      void ask('a');
      queue.gaveBack(line, 'item', true);
      jest.advanceTimersByTime(300);
      expect(waited()).toEqual([]);
      queue.settled(line);
      jest.advanceTimersByTime(100);
      expect(waited()).toEqual([100]);
    });
  });

  describe('with some who wait behind others of their tenant', () => {
    /** One more of the tenant, unless no more may. */
    const behind = (tenantId: string): string => {
      const refusal = queue.refusalBehind(tenantId);
      if (!refusal) queue.waitBehind(tenantId, 1);
      return refusal?.code ?? 'waits';
    };

    it('counts them as waiting, beside those that may run', async () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 2 });
      expect([behind('a'), behind('a'), behind('a'), behind('a')]).toEqual([
        'waits',
        'waits',
        'waits',
        'POOL_EXHAUSTED',
      ]);
      await expect(ask('a')).resolves.toMatchObject({ code: 'POOL_EXHAUSTED' });
      expect(behind('b')).toBe('waits');
      queue.waitBehind('a', -1);
      expect(behind('a')).toBe('waits');
      expect(queue.behind).toBe(4);
    });

    it('says that the tenant is busy when it has all that it may', () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 1 });
      askAll('a');
      serve();
      expect([behind('a'), behind('a')]).toEqual(['waits', 'TENANT_BUSY']);
    });

    it('lets somebody ask in their place, who is not counted again', async () => {
      open({ tenantConcurrency: 1, tenantQueueSize: 1 });
      askAll('a');
      serve();
      expect(behind('a')).toBe('waits');
      const asked = queue.wait(queue.lineOf('a'), new Deadline(1000), undefined, undefined, true);
      expect(queue.waiting).toBe(1);
      expect(behind('a')).toBe('TENANT_BUSY');
      queue.waitBehind('a', -1);
      expect(behind('a')).toBe('waits');
      queue.refuseAll(() => new JsRuntimeError('SHUTTING_DOWN', 'stopping'));
      await expect(asked).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      expect(behind('a')).toBe('TENANT_BUSY');
    });

    it('counts those of all tenants', () => {
      open({ queueSize: 2, tenantConcurrency: 1, tenantQueueSize: 100 });
      askAll('ab');
      serve();
      serve();
      expect([behind('a'), behind('b'), behind('a')]).toEqual(['waits', 'waits', 'POOL_EXHAUSTED']);
    });
  });
});
