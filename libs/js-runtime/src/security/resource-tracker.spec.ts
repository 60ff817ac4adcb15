import { compileOptions } from '../config/compile-options.ts';
import type { RunReply } from '../process/vm-request.ts';
import { ResourceTracker } from './resource-tracker.ts';

const reply: RunReply = {
  outcome: { kind: 'value' },
  logs: [
    { level: 'log', message: 'ä' },
    { level: 'warn', message: 'abc' },
  ],
  cpuMs: 7,
  peakMemoryBytes: 500,
  heapBytes: 400,
  resultJson: '"ö"',
  resultBytes: 4,
  refused: [],
};

describe('ResourceTracker', () => {
  let tracker: ResourceTracker;

  beforeEach(() => {
    tracker = new ResourceTracker(compileOptions({}));
  });

  it('has a receipt from the start, on which only time passes', () => {
    const { wallMs, queueMs, ...rest } = tracker.receipt();
    expect(wallMs).toBeGreaterThan(0);
    expect(queueMs).toBe(0);
    expect(rest).toEqual({
      cpuMs: 0,
      peakMemoryBytes: 0,
      heapBytes: 0,
      apiCalls: 0,
      inputBytes: 0,
      resultBytes: 0,
      logBytes: 0,
      compile: 'none',
    });
  });

  it('counts as waiting what it waits for a VM, also if it never has one', () => {
    tracker.waits();
    const { wallMs, queueMs } = tracker.receipt();
    expect(queueMs).toBeGreaterThan(0);
    expect(queueMs).toBeLessThanOrEqual(wallMs);
  });

  it('has it all in the end', () => {
    tracker.hasInput(12);
    tracker.waits();
    tracker.hasVm();
    tracker.hasCode('hit');
    tracker.apiCalls.begin();
    tracker.hasUsed(reply);
    tracker.hasReply(reply);
    const receipt = tracker.receipt();
    expect(receipt).toMatchObject({ cpuMs: 7, peakMemoryBytes: 500, heapBytes: 400, resultBytes: 4, logBytes: 5 });
    expect(receipt).toMatchObject({ inputBytes: 12, apiCalls: 1, compile: 'hit' });
    expect(receipt.queueMs).toBeLessThan(receipt.wallMs);
  });

  it('has what was seen of a VM that is gone', () => {
    tracker.hasVm();
    tracker.hasUsed({ cpuMs: 3, peakMemoryBytes: 9 });
    expect(tracker.receipt()).toMatchObject({ cpuMs: 3, peakMemoryBytes: 9, heapBytes: 0 });
    tracker.hasUsed(undefined);
    expect(tracker.receipt()).toMatchObject({ cpuMs: 3, peakMemoryBytes: 9 });
  });

  it('adds up what several requests have used, and knows what is left', () => {
    tracker = new ResourceTracker(compileOptions({ maxCpuMs: 10 }));
    expect([tracker.used, tracker.remainingCpuMs]).toEqual([undefined, 10]);
    tracker.hasUsed({ cpuMs: 3.5, peakMemoryBytes: 9 });
    tracker.hasUsed({ cpuMs: 2, peakMemoryBytes: 8 });
    expect([tracker.used, tracker.remainingCpuMs]).toEqual([{ cpuMs: 5.5, peakMemoryBytes: 9 }, 5]);
    tracker.hasUsed({ cpuMs: 20, peakMemoryBytes: 0 });
    expect(tracker.remainingCpuMs).toBe(1);
  });

  it('is a miss when anything was compiled, in whichever order', () => {
    for (const compile of ['hit', 'miss', 'hit'] as const) tracker.hasCode(compile);
    expect(tracker.receipt().compile).toBe('miss');
  });
});
