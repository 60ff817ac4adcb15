import { RunningExecutions, type RunningExecution } from './running-executions.ts';

const invalid: Error = expect.objectContaining({ code: 'INVALID_REQUEST' });

describe('RunningExecutions', () => {
  it('does not let a tenant have two of the same id at the same time', () => {
    const running = new RunningExecutions();
    const first = running.begin('acme', 'a');
    expect(() => running.begin('acme', 'a')).toThrow(invalid);
    running.end(first);
    expect(running.begin('acme', 'a').id).toBe('a');
  });

  it('lets two tenants have the same id, without either noticing', () => {
    const running = new RunningExecutions();
    const [ofAcme, ofGlobex] = [running.begin('acme', 'a'), running.begin('globex', 'a')];
    expect(running.cancel('acme', 'a')).toBe(true);
    expect([ofAcme.signal.aborted, ofGlobex.signal.aborted]).toEqual([true, false]);
    running.end(ofAcme);
    expect(running.cancel('acme', 'a')).toBe(false);
    expect(() => running.begin('globex', 'a')).toThrow(invalid);
  });

  it('takes no tenant for another, whatever characters their ids have', () => {
    const running = new RunningExecutions();
    const pairs = [
      ['acme', 'a:b'],
      ['acme:a', 'b'],
      ['acme:a:b', ''],
      ['__proto__', 'a'],
      ['constructor', 'a'],
    ] as const;
    const executions = pairs.map(([tenantId, id]) => running.begin(tenantId, id));
    for (const [index, [tenantId, id]] of pairs.entries()) {
      expect(running.cancel(tenantId, id)).toBe(true);
      expect(executions.map(({ signal }) => signal.aborted)).toEqual(pairs.map((_, other) => other <= index));
    }
  });

  it('cancels the execution of that id, and no other', () => {
    const running = new RunningExecutions();
    const [first, second] = [running.begin('acme', 'a'), running.begin('acme', 'b')];
    expect(running.cancel('acme', 'a')).toBe(true);
    expect(first.signal.aborted).toBe(true);
    expect(second.signal.aborted).toBe(false);
  });

  it('refuses a signal that is none, and then has no execution of that id', () => {
    const running = new RunningExecutions();
    expect(() => running.begin('acme', 'a', {} as never)).toThrow('signal must be an AbortSignal');
    expect(running.cancel('acme', 'a')).toBe(false);
  });

  it('finds those of random ids among each other, whatever order they end in', () => {
    const running = new RunningExecutions();
    const begin = (id: string) => running.begin('acme', id, undefined, true);
    const all = ['a', 'b', 'c', 'd'].map(begin);
    for (const index of [1, 0, 3]) {
      const over = all[index] as RunningExecution;
      running.end(over);
      expect(running.cancel('acme', over.id)).toBe(false);
    }
    expect(running.cancel('globex', 'c')).toBe(false);
    expect(() => running.begin('acme', 'c')).toThrow(invalid);
    expect(running.cancel('acme', 'c')).toBe(true);
    expect(all.map(({ signal }) => signal.aborted)).toEqual([false, false, true, false]);
    running.end(all[2] as RunningExecution);
    expect(running.cancelForAll('c')).toBe(false);
  });

  it('cancels an id for all tenants', () => {
    const running = new RunningExecutions();
    const wanted = [running.begin('acme', 'a'), running.begin('globex', 'a')];
    const other = running.begin('acme', 'b');
    expect(running.cancelForAll('a')).toBe(true);
    expect(wanted.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(other.signal.aborted).toBe(false);
    expect(running.cancelForAll('c')).toBe(false);
  });

  it('does not find an execution that never was, or is over', () => {
    const running = new RunningExecutions();
    const execution = running.begin('acme', 'a');
    running.end(execution);
    expect(running.cancel('acme', 'a')).toBe(false);
    expect(running.cancel('acme', 'b')).toBe(false);
    expect(running.cancelForAll('a')).toBe(false);
    expect(execution.signal.aborted).toBe(false);
  });

  it('follows the signal of the caller, and leaves it alone', () => {
    const running = new RunningExecutions();
    const caller = new AbortController();
    const [first, second] = [running.begin('acme', 'a', caller.signal), running.begin('acme', 'b', caller.signal)];
    running.cancel('acme', 'a');
    expect([first.signal.aborted, second.signal.aborted, caller.signal.aborted]).toEqual([true, false, false]);
    caller.abort();
    expect(second.signal.aborted).toBe(true);
  });

  it('knows that a signal had fired before', () => {
    expect(new RunningExecutions().begin('acme', 'a', AbortSignal.abort()).signal.aborted).toBe(true);
  });
});
