import { RunningExecutions } from './running-executions.ts';

const invalid: Error = expect.objectContaining({ code: 'INVALID_REQUEST' });

describe('RunningExecutions', () => {
  it('gives an execution without an id a UUID of its own', () => {
    const running = new RunningExecutions();
    const [first, second] = [running.begin(), running.begin()];
    expect(first.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(second.id).not.toBe(first.id);
  });

  it.each(['a', 'order-7', 'A.b_c:d-9', 'x'.repeat(128)])('takes the id %p', (id) => {
    expect(new RunningExecutions().begin(id).id).toBe(id);
  });

  it.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(129), '<a>'])('refuses the id %p', (id) => {
    expect(() => new RunningExecutions().begin(id)).toThrow(invalid);
  });

  it('does not let two executions have the same id at the same time', () => {
    const running = new RunningExecutions();
    const first = running.begin('a');
    expect(() => running.begin('a')).toThrow(invalid);
    running.end(first);
    expect(running.begin('a').id).toBe('a');
  });

  it('cancels the execution of that id, and no other', () => {
    const running = new RunningExecutions();
    const [first, second] = [running.begin('a'), running.begin('b')];
    expect(running.cancel('a')).toBe(true);
    expect(first.signal.aborted).toBe(true);
    expect(second.signal.aborted).toBe(false);
  });

  it('does not find an execution that never was, or is over', () => {
    const running = new RunningExecutions();
    const execution = running.begin('a');
    running.end(execution);
    expect(running.cancel('a')).toBe(false);
    expect(running.cancel('b')).toBe(false);
    expect(execution.signal.aborted).toBe(false);
  });

  it('follows the signal of the caller, and leaves it alone', () => {
    const running = new RunningExecutions();
    const caller = new AbortController();
    const [first, second] = [running.begin('a', caller.signal), running.begin('b', caller.signal)];
    running.cancel('a');
    expect([first.signal.aborted, second.signal.aborted, caller.signal.aborted]).toEqual([true, false, false]);
    caller.abort();
    expect(second.signal.aborted).toBe(true);
  });

  it('knows that a signal had fired before', () => {
    expect(new RunningExecutions().begin('a', AbortSignal.abort()).signal.aborted).toBe(true);
  });
});
