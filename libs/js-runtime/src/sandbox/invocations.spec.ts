import type { ExecutionOutput } from './execution.ts';
import { Invocations, type InvocationPorts } from './invocations.ts';

const tick = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Invocations', () => {
  let events: string[];
  let ends: ((output: ExecutionOutput) => void)[];
  let isSent: boolean;
  let invocations: Invocations;

  beforeEach(() => {
    events = [];
    ends = [];
    isSent = true;
    const host = {
      mayBegin: () => true,
      forget: (realm: number) => events.push(`realm ${realm} is let go`),
      heapBytes: () => 1,
      invoke: (...[, , , , , done]: [unknown, unknown, unknown, unknown, unknown, (output: ExecutionOutput) => void]) =>
        ends.push(done),
    };
    invocations = new Invocations({
      host: () => host as unknown as ReturnType<InvocationPorts['host']>,
      exceedsMemory: () => false,
      send: () => undefined,
      isSent: () => isSent,
      onSent: () => undefined,
      maxOverlap: 8,
      hasGrown: () => false,
      replaceIsolate: () => events.push('the isolate is replaced'),
    });
  });

  const invoke = (...ids: number[]): void => {
    const items = ids.map((id) => [id, 1000, 'e', 1000, 0] as const);
    const none = Buffer.alloc(0);
    invocations.take(
      { type: 'invoke', realm: 1, items },
      ids.map(() => none),
    );
  };
  const output = (kind: 'value' | 'timed-out'): ExecutionOutput => ({
    outcome: kind === 'value' ? { kind } : { kind, stack: '' },
    resultJson: '1',
    logs: [],
  });

  it('replaces an isolate with the answer of the last that was under way, before anything else may begin in it', async () => {
    invoke(1, 2);
    await tick();
    ends[0]?.(output('timed-out'));
    expect(events).toEqual([]);
    // It goes on only when that has been read.
    isSent = false;
    ends[1]?.(output('value'));
    expect(events).toEqual(['the isolate is replaced']);
    expect(invocations.isBusy).toBe(false);
  });

  it('lets a realm go while others are under way, and goes on', () => {
    invoke(1);
    invocations.forget(2);
    invoke(3);
    expect(events).toEqual(['realm 2 is let go']);
    expect(ends).toHaveLength(2);
  });
});
