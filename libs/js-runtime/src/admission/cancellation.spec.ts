import { getEventListeners } from 'node:events';
import { Cancellation } from './cancellation.ts';

describe('Cancellation', () => {
  it('tells those who listen, once, and not those who have stopped', () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    const late = (): void => void told.push('late');
    cancellation.addEventListener('abort', () => void told.push('first'));
    cancellation.addEventListener('abort', late);
    cancellation.removeEventListener('abort', late);
    cancellation.cancel();
    cancellation.cancel();
    expect([cancellation.aborted, told]).toEqual([true, ['first']]);
  });

  it('follows the signal of the caller until it ends, and leaves nothing on it', () => {
    const [caller, other] = [new AbortController(), new AbortController()];
    const [cancelled, ended] = [new Cancellation(caller.signal), new Cancellation(other.signal)];
    ended.end();
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
    caller.abort();
    other.abort();
    expect([cancelled.aborted, ended.aborted]).toEqual([true, false]);
  });

  it('is one of many that follow a signal through one listener, until the last has ended', () => {
    const { signal } = new AbortController();
    const all = Array.from({ length: 20 }, () => new Cancellation(signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    const last = all.pop();
    for (const one of all) one.end();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    last?.end();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    new Cancellation(signal).end();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is cancelled with all that follow the same signal', () => {
    const caller = new AbortController();
    const all = [1, 2, 3].map(() => new Cancellation(caller.signal));
    caller.abort();
    expect(all.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  it.each(['before', 'after'])(
    'gives others a signal that fires with the reason of the caller, asked for %s',
    (when) => {
      const caller = new AbortController();
      const reason = new Error('closed');
      const cancellation = new Cancellation(caller.signal);
      if (when === 'after') caller.abort(reason);
      const { abortSignal } = cancellation;
      caller.abort(reason);
      expect([abortSignal.aborted, abortSignal.reason]).toEqual([true, reason]);
      expect(cancellation.abortSignal).toBe(abortSignal);
    },
  );

  it('has been cancelled from the start by a signal that has fired', () => {
    expect(new Cancellation(AbortSignal.abort()).aborted).toBe(true);
  });
});
