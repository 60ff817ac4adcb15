import { EventLoopMeter } from './event-loop-meter.ts';

describe('EventLoopMeter', () => {
  let meter: EventLoopMeter;

  beforeEach(() => {
    meter = new EventLoopMeter();
    meter.start();
  });

  afterEach(() => {
    meter.stop();
  });

  /** What it says when it next says something else. */
  async function nextDelay(): Promise<ReturnType<EventLoopMeter['take']>> {
    const before = meter.take();
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const delay = meter.take();
      if (delay !== before) return delay;
    }
  }

  it('says how late the event loop was', async () => {
    block(400);
    const { mean, p99, max } = await nextDelay();
    expect(max).toBeGreaterThan(250);
    expect(p99).toBe(max);
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThanOrEqual(max);
  });

  it('sees each turn that takes longer than what is between two looks', async () => {
    const seen: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      block(250);
      seen.push((await nextDelay()).max);
    }
    expect(Math.min(...seen)).toBeGreaterThan(100);
  });

  it('says the same again while nothing was due', async () => {
    block(200);
    const delay = await nextDelay();
    expect(meter.take()).toEqual(delay);
  });

  it('says nothing of a time when it did not look', async () => {
    meter.stop();
    block(100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(meter.take()).toEqual({ mean: 0, p99: 0, max: 0 });
  });
});

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
