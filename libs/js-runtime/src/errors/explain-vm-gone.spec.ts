import type { RetireReason } from '../process/retire-reason.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { ErrorCode } from './error-codes.ts';
import { explainVmGone, wallTimeLimitExceeded } from './explain-vm-gone.ts';
import { JsRuntimeError } from './js-runtime-error.ts';

const codes: Record<RetireReason, ErrorCode> = {
  wall: 'WALL_TIME_LIMIT_EXCEEDED',
  memory: 'MEMORY_LIMIT_EXCEEDED',
  cancelled: 'CANCELLED',
  shutdown: 'SHUTTING_DOWN',
  protocol: 'VM_CRASHED',
  unhealthy: 'VM_CRASHED',
  start: 'VM_CRASHED',
  cpu: 'VM_CRASHED',
  age: 'VM_CRASHED',
  uses: 'VM_CRASHED',
  overflow: 'VM_CRASHED',
  rebind: 'VM_CRASHED',
  crashed: 'VM_CRASHED',
};

describe('explainVmGone', () => {
  it.each(Object.entries(codes))('explains %s as %s', (reason, code) => {
    const explained = explainVmGone(new VmGoneError(reason as RetireReason), 250);
    expect(explained).toBeInstanceOf(JsRuntimeError);
    expect(explained).toMatchObject({ code });
  });

  it('names the limit that was hit', () => {
    const explained = explainVmGone(new VmGoneError('wall'), 250);
    expect(explained).toMatchObject({
      message: 'The script was not done after 250 ms',
      details: { limit: { name: 'timeoutMs', allowed: 250 } },
    });
  });

  it('keeps why a VM crashed as the cause, for the log, and out of what the tenant sees', () => {
    const gone = new VmGoneError('protocol', { cause: new Error('frame of 4294967295 bytes') });
    const explained = explainVmGone(gone, 250) as JsRuntimeError;
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
    expect(explainVmGone(error, 250)).toBe(error);
  });
});

describe('wallTimeLimitExceeded', () => {
  it('tells where the script was, when that is known', () => {
    expect(wallTimeLimitExceeded(5, 'Error: x\n    at a.js:1:1').details).toEqual({
      limit: { name: 'timeoutMs', allowed: 5 },
      stack: 'Error: x\n    at a.js:1:1',
    });
    expect(wallTimeLimitExceeded(5, '').details).toEqual({ limit: { name: 'timeoutMs', allowed: 5 } });
  });
});
