import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import type { InvocationRequest, UnderWay } from './invocation-line.ts';
import { LineMeter } from './line-meter.ts';
import type { ProcessMeter } from './process-meter.ts';

const MIB = 1024 * 1024;
const IDLE_BYTES = 20 * MIB;

/** A process as a test says it is. */
class FakeProcess implements Pick<ProcessMeter, 'cpuMs' | 'privateBytes'> {
  ranMs: number | undefined = 1000;
  bytes: number | undefined = IDLE_BYTES;

  cpuMs(): number | undefined {
    return this.ranMs;
  }

  privateBytes(): number | undefined {
    return this.bytes;
  }
}

describe('LineMeter', () => {
  let fake: FakeProcess;
  let meter: LineMeter;
  const alone = (one: InvocationRequest): UnderWay => ({
    begun: [one],
    maxCpuMs: 0,
    group: 0,
    atIt: undefined,
    turn: 0,
  });
  const invocation = (): InvocationRequest =>
    ({ limits: { maxCpuMs: 200, maxMemoryMb: 64 } }) as unknown as InvocationRequest;

  beforeEach(() => {
    fake = new FakeProcess();
    meter = new LineMeter(fake as unknown as ProcessMeter, IDLE_BYTES);
  });

  it('counts from when one was first seen to be the oldest', () => {
    const oldest = invocation();
    expect(meter.look(alone(oldest))).toBeUndefined();
    fake.ranMs = 1030;
    fake.bytes = IDLE_BYTES + 5 * MIB;
    expect(meter.look(alone(oldest))).toBeUndefined();
    fake.bytes = IDLE_BYTES + MIB;
    expect(meter.look(alone(oldest))).toBeUndefined();
    expect(meter.read(oldest)).toEqual({ cpuMs: 30, peakMemoryBytes: 5 * MIB });
  });

  it('says what is exceeded', () => {
    const oldest = invocation();
    meter.look(alone(oldest));
    fake.ranMs = 1201;
    expect(meter.look(alone(oldest))).toBe('cpu');
    const next = invocation();
    expect(meter.look(alone(next))).toBeUndefined();
    fake.bytes = IDLE_BYTES + (64 + MEMORY_ALLOWANCE_MB) * MIB + 1;
    expect(meter.look(alone(next))).toBe('memory');
  });

  it('tells of nobody what another has used', () => {
    const first = invocation();
    meter.look(alone(first));
    fake.ranMs = 1100;
    meter.look(alone(first));
    expect(meter.read(invocation())).toBeUndefined();
  });

  it('stays with what it has seen when the process is gone', () => {
    const oldest = invocation();
    meter.look(alone(oldest));
    fake.ranMs = 1100;
    meter.look(alone(oldest));
    fake.ranMs = undefined;
    fake.bytes = undefined;
    expect(meter.look(alone(oldest))).toBeUndefined();
    expect(meter.read(oldest)).toEqual({ cpuMs: 100, peakMemoryBytes: 0 });
  });

  describe('of several that overlap', () => {
    const both = [invocation(), invocation()];
    const together = (turn: number, group = 1): UnderWay => ({
      begun: both,
      maxCpuMs: 400,
      group,
      atIt: both[turn % 2],
      turn,
    });

    it('allows them together what each may have', () => {
      for (let n = 0; n <= 4; n++) {
        fake.ranMs = 1000 + 100 * n;
        expect(meter.look(together(n))).toBeUndefined();
      }
      fake.ranMs = 1401;
      expect(meter.look(together(9))).toBe('cpu');
    });

    it('begins anew with others', () => {
      meter.look(together(0));
      fake.ranMs = 1300;
      expect(meter.look(together(1))).toBeUndefined();
      expect(meter.look(together(2, 2))).toBeUndefined();
      fake.ranMs = 1600;
      expect(meter.look(together(3, 2))).toBeUndefined();
    });

    it('allows the one that is at it no more than it may have', () => {
      meter.look(together(6));
      fake.ranMs = 1100;
      // Another one is at it now.
      meter.look(together(7));
      fake.ranMs = 1300;
      expect(meter.look(together(7))).toBeUndefined();
      fake.ranMs = 1301;
      expect(meter.look(together(7))).toBe('cpu');
    });

    it('sums up what each has used whenever it was at it', () => {
      for (const [turn, ranMs] of [
        [1, 1000],
        [1, 1100],
        [2, 1110],
        [2, 1150],
        [3, 1160],
        [3, 1260],
      ] as const) {
        fake.ranMs = ranMs;
        expect(meter.look(together(turn))).toBeUndefined();
      }
      fake.ranMs = 1261;
      expect(meter.look(together(3))).toBe('cpu');
    });

    it('tells of none of them what all have used', () => {
      meter.look(together(0));
      expect(both.map((one) => meter.read(one))).toEqual([undefined, undefined]);
    });
  });
});
