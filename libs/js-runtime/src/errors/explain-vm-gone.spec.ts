import { compileOptions } from '../config/compile-options.ts';
import type { RetireReason } from '../process/retire-reason.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { ErrorCode } from './error-codes.ts';
import { explainVmGone, wallTimeLimitExceeded } from './explain-vm-gone.ts';
import { JsRuntimeError } from './js-runtime-error.ts';

const limits = compileOptions({ timeoutMs: 250, maxCpuMs: 50, maxMemoryMb: 64 });

const codes: Record<RetireReason, ErrorCode> = {
  wall: 'WALL_TIME_LIMIT_EXCEEDED',
  memory: 'MEMORY_LIMIT_EXCEEDED',
  cancelled: 'CANCELLED',
  shutdown: 'SHUTTING_DOWN',
  protocol: 'VM_CRASHED',
  parser: 'VM_CRASHED',
  unhealthy: 'VM_CRASHED',
  start: 'VM_CRASHED',
  cpu: 'CPU_TIME_LIMIT_EXCEEDED',
  lowered: 'VM_CRASHED',
  age: 'VM_CRASHED',
  uses: 'VM_CRASHED',
  overflow: 'VM_CRASHED',
  load: 'VM_CRASHED',
  rebind: 'VM_CRASHED',
  crashed: 'VM_CRASHED',
};

describe('explainVmGone', () => {
  it.each(Object.entries(codes))('explains %s as %s', (reason, code) => {
    const explained = explainVmGone(new VmGoneError(reason as RetireReason), limits, 300);
    expect(explained).toBeInstanceOf(JsRuntimeError);
    expect(explained).toMatchObject({ code });
  });

  it('names the limit that was hit', () => {
    const used = { cpuMs: 61.4, peakMemoryBytes: 96.2 * 1024 * 1024 };
    const explain = (reason: RetireReason): unknown => explainVmGone(new VmGoneError(reason, used), limits, 300.4);
    expect(explain('wall')).toMatchObject({
      message: 'The script was not done after 250 ms',
      details: { limit: { name: 'timeoutMs', allowed: 250, used: 300 } },
    });
    expect(explain('cpu')).toMatchObject({
      message: 'The script used more than 50 ms of CPU time',
      details: { limit: { name: 'maxCpuMs', allowed: 50, used: 61 } },
    });
    expect(explain('memory')).toMatchObject({
      message: 'The script used more than 64 MB of memory',
      details: { limit: { name: 'maxMemoryMb', allowed: 64, used: 97 } },
    });
  });

  it('says nothing of what was used where nobody could tell', () => {
    const { details } = explainVmGone(new VmGoneError('memory'), limits, 300) as JsRuntimeError;
    expect(details).toEqual({ limit: { name: 'maxMemoryMb', allowed: 64 } });
  });

  it('keeps why a VM crashed as the cause, for the log, and out of what the tenant sees', () => {
    const gone = new VmGoneError('protocol', undefined, { cause: new Error('frame of 4294967295 bytes') });
    const explained = explainVmGone(gone, limits, 300) as JsRuntimeError;
    expect(explained.cause).toBe(gone);
    expect(explained.message).not.toContain('frame');
    expect(explained.details).toEqual({});
  });

  it.each([
    ['an error', new TypeError('other')],
    ['a JsRuntimeError', new JsRuntimeError('POOL_EXHAUSTED', 'none')],
    ['undefined', undefined],
    ['a string', 'wall'],
  ])('passes %s on unchanged', (_, error) => {
    expect(explainVmGone(error, limits, 300)).toBe(error);
  });
});

describe('wallTimeLimitExceeded', () => {
  it('tells where the script was, when that is known', () => {
    expect(wallTimeLimitExceeded(5, 6.6, 'Error: x\n    at a.js:1:1').details).toEqual({
      limit: { name: 'timeoutMs', allowed: 5, used: 7 },
      stack: 'Error: x\n    at a.js:1:1',
    });
    expect(wallTimeLimitExceeded(5, 5, '').details).toEqual({ limit: { name: 'timeoutMs', allowed: 5, used: 5 } });
  });
});
