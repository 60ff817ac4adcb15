import { Deadline } from '../admission/deadline.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import { WaitingLine } from './waiting-line.ts';

const { jest } = import.meta;
const exhausted: Error = expect.objectContaining({ code: 'POOL_EXHAUSTED', message: 'No VM came free within 100 ms' });
const cancelled: Error = expect.objectContaining({ code: 'CANCELLED' });

describe('WaitingLine', () => {
  let line: WaitingLine<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    line = new WaitingLine();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const wait = async (tenantId: string, signal?: AbortSignal): Promise<string> =>
    line.wait(tenantId, new Deadline(100), signal);
  const serve = (item: string): void => {
    line.serveFirst((tenantId) => `${item} for ${tenantId}`);
  };

  it('serves whoever came first, telling for whom', async () => {
    const waiting = ['a', 'b', 'a'].map(async (tenantId) => wait(tenantId));
    expect(line.length).toBe(3);
    for (const item of ['1', '2', '3']) serve(item);
    await expect(Promise.all(waiting)).resolves.toEqual(['1 for a', '2 for b', '3 for a']);
    expect(line.length).toBe(0);
  });

  it('makes the item at once, and only when somebody waits', () => {
    const make = jest.fn((tenantId: string) => tenantId);
    line.serveFirst(make);
    expect(make).not.toHaveBeenCalled();
    void wait('a');
    line.serveFirst(make);
    line.serveFirst(make);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('sends away whoever waits past the deadline, then and not before', async () => {
    const waiting = wait('a');
    jest.advanceTimersByTime(99);
    expect(line.length).toBe(1);
    jest.advanceTimersByTime(1);
    expect(line.length).toBe(0);
    await expect(waiting).rejects.toEqual(exhausted);
  });

  it('gives each waiter its own deadline', async () => {
    const first = wait('a');
    jest.advanceTimersByTime(60);
    const second = wait('b');
    jest.advanceTimersByTime(40);
    await expect(first).rejects.toEqual(exhausted);
    serve('1');
    await expect(second).resolves.toBe('1 for b');
  });

  it('forgets a waiter whose signal fires, and nobody else', async () => {
    const controller = new AbortController();
    const waiting = [wait('a', controller.signal), wait('b')];
    controller.abort();
    serve('1');
    await expect(waiting[0]).rejects.toEqual(cancelled);
    await expect(waiting[1]).resolves.toBe('1 for b');
  });

  it('leaves nothing behind of a waiter that was served: no timer, no listener', async () => {
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const waiting = wait('a', controller.signal);
    serve('1');
    expect(jest.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledTimes(1);
    controller.abort();
    await expect(waiting).resolves.toBe('1 for a');
  });

  it('rejects everybody at once', async () => {
    const waiting = [wait('a'), wait('b')];
    line.rejectAll(() => new JsRuntimeError('SHUTTING_DOWN', 'bye'));
    const rejected = { status: 'rejected', reason: expect.objectContaining({ code: 'SHUTTING_DOWN' }) };
    await expect(Promise.allSettled(waiting)).resolves.toEqual([rejected, rejected]);
    expect(line.length).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
