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
  const alone = (one: InvocationRequest): UnderWay => ({ begun: [one], maxCpuMs: 0, group: 0, progress: 0 });
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
});
