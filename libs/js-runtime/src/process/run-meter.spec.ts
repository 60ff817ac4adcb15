import type { ProcessMeter } from './process-meter.ts';
import { MEMORY_ALLOWANCE_MB } from '../protocol/messages.ts';
import { RunMeter } from './run-meter.ts';

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

describe('RunMeter', () => {
  let fake: FakeProcess;
  let meter: RunMeter;

  const meterOf = (restBytes: number | undefined): RunMeter =>
    new RunMeter(fake as unknown as ProcessMeter, { maxCpuMs: 200, maxMemoryMb: 64 }, IDLE_BYTES, restBytes);

  beforeEach(() => {
    fake = new FakeProcess();
    meter = meterOf(IDLE_BYTES);
  });

  it('counts from where the process was', () => {
    expect(meter.read()).toEqual({ cpuMs: 0, peakMemoryBytes: 0 });
    fake.ranMs = 1050.5;
    fake.bytes = IDLE_BYTES + 5 * MIB;
    expect(meter.read()).toEqual({ cpuMs: 50.5, peakMemoryBytes: 5 * MIB });
  });

  it('leaves out what the process did before, when it is told so', () => {
    fake.ranMs = 1010;
    meter.begun();
    fake.ranMs = 1030;
    expect(meter.read().cpuMs).toBe(20);
  });

  it.each([
    ['an honest process', 22, 22],
    ['one that says too little', 0, 20],
    ['one that says too much', 500, 30],
  ])('believes %s no more than can be', (_, claimedMs, cpuMs) => {
    fake.ranMs = 1010;
    meter.begun();
    fake.ranMs = 1030;
    expect(meter.answered(claimedMs).cpuMs).toBe(cpuMs);
  });

  it.each([0, 25, 500])('believes no %i ms of a process that had nothing else to do', (claimedMs) => {
    fake.ranMs = 1030;
    expect(meter.answered(claimedMs).cpuMs).toBe(30);
  });

  it('never counts back, as when helper threads are gone before the process is', () => {
    fake.ranMs = 1030;
    meter.look();
    fake.ranMs = 990;
    expect(meter.answered(0).cpuMs).toBe(30);
  });

  it('does not charge a request for what the process still does for the one before', () => {
    fake.bytes = IDLE_BYTES + 90 * MIB;
    meter = meterOf(undefined);
    fake.ranMs = 1300;
    expect(meter.look()).toBeUndefined();
    fake.bytes = IDLE_BYTES + 5 * MIB;
    meter.begun();
    fake.ranMs = 1310;
    fake.bytes = IDLE_BYTES + 8 * MIB;
    expect(meter.look()).toBeUndefined();
    expect(meter.answered(10)).toEqual({ cpuMs: 10, peakMemoryBytes: 3 * MIB });
  });

  it('does not wait for ever for a process to begin', () => {
    meter = meterOf(undefined);
    fake.ranMs = 1000 + 200 + 501;
    expect(meter.look()).toBe('cpu');
  });

  it.each([
    [10, 96, undefined],
    [10, 97, 'memory'],
    [50, 96, undefined],
    [50, 97, 'memory'],
  ])('lets a process that has kept %p MB have %p MB more: %p', (keptMb, moreMb, exceeded) => {
    fake.bytes = IDLE_BYTES + keptMb * MIB;
    meter = meterOf(fake.bytes);
    fake.bytes += moreMb * MIB;
    expect(meter.look()).toBe(exceeded);
  });

  it('counts nothing any more once the answer is there', () => {
    fake.ranMs = 1030;
    meter.stop();
    fake.ranMs = 1500;
    fake.bytes = IDLE_BYTES + 60 * MIB;
    expect(meter.answered(500)).toEqual({ cpuMs: 30, peakMemoryBytes: 0 });
  });

  it('keeps the peak', () => {
    fake.bytes = IDLE_BYTES + 30 * MIB;
    meter.look();
    fake.bytes = IDLE_BYTES + MIB;
    expect(meter.read().peakMemoryBytes).toBe(30 * MIB);
  });

  it('does not count less than nothing', () => {
    fake.bytes = IDLE_BYTES - MIB;
    expect(meter.read().peakMemoryBytes).toBe(0);
  });

  it('keeps what it has seen of a process that is gone', () => {
    fake.ranMs = 1100;
    fake.bytes = IDLE_BYTES + MIB;
    meter.look();
    fake.ranMs = fake.bytes = undefined;
    expect(meter.look()).toBeUndefined();
    expect(meter.read()).toEqual({ cpuMs: 100, peakMemoryBytes: MIB });
  });

  it.each([
    [1200, 0, undefined],
    [1200.1, 0, 'cpu'],
    [1000, 64 + MEMORY_ALLOWANCE_MB, undefined],
    [1000, 64 + MEMORY_ALLOWANCE_MB + 0.1, 'memory'],
  ])('at %p ms and %p MB finds that the limit exceeded is %p', (ranMs, memoryMb, exceeded) => {
    fake.ranMs = ranMs;
    fake.bytes = IDLE_BYTES + memoryMb * MIB;
    expect(meter.look()).toBe(exceeded);
  });
});
