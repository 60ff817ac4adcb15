import { compileOptions } from '../config/compile-options.ts';
import { LIMIT_NAMES, limitsOf, type LimitName } from '../config/limits.ts';
import { tightenLimits } from './resource-limits.ts';

const configured = limitsOf(compileOptions({ timeoutMs: 1000 }));

describe('tightenLimits', () => {
  it.each([
    ['nothing is asked for', undefined],
    ['no limit is named', {}],
    ['a limit is undefined', { timeoutMs: undefined }],
  ])('gives what is configured when %s', (_, asked) => {
    expect(tightenLimits(configured, asked)).toEqual(configured);
  });

  it.each([1, 250, 999, 1000])('gives the %i ms that were asked for', (timeoutMs) => {
    expect(tightenLimits(configured, { timeoutMs })).toEqual({ ...configured, timeoutMs });
  });

  it.each([1001, 2 ** 31, Number.MAX_SAFE_INTEGER])('never loosens: %i ms become what is configured', (timeoutMs) => {
    expect(tightenLimits(configured, { timeoutMs })).toEqual(configured);
  });

  it.each(LIMIT_NAMES)('tightens %s, and never loosens it', (name) => {
    const less = configured[name] - 1;
    expect(tightenLimits(configured, { [name]: less })).toEqual({ ...configured, [name]: less });
    expect(tightenLimits(configured, { [name]: configured[name] + 1 })).toEqual(configured);
  });

  it('can forbid calls of host APIs', () => {
    expect(tightenLimits(configured, { maxApiCalls: 0 }).maxApiCalls).toBe(0);
  });

  it.each<[LimitName, number, number]>([
    ['timeoutMs', 0, 1],
    ['timeoutMs', -1, 1],
    ['timeoutMs', 0.5, 1],
    ['maxCpuMs', NaN, 1],
    ['maxCpuMs', Infinity, 1],
    ['maxMemoryMb', 7, 8],
    ['maxApiCalls', -1, 0],
    ['maxLogEntries', 1.5, 1],
  ])('refuses for %s the value %p, which is no limit', (name, value, min) => {
    const message = `limits.${name} is ${value}; allowed is a whole number, ${min} or more`;
    const error = { code: 'INVALID_REQUEST', message };
    expect(() => tightenLimits(configured, { [name]: value })).toThrow(expect.objectContaining(error));
  });

  it.each(['100', null, true, {}, []])('refuses %p, which is no number', (timeoutMs: unknown) => {
    const asked = { timeoutMs: timeoutMs as number };
    expect(() => tightenLimits(configured, asked)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it.each(['tenantConcurrency', 'constructor', '__proto__', ''])(
    'knows no limit %p, and says which there are',
    (name) => {
      const asked = Object.fromEntries([[name, 1]]);
      const error = {
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('the limits are timeoutMs, maxCpuMs,'),
      };
      expect(() => tightenLimits(configured, asked)).toThrow(expect.objectContaining(error));
    },
  );

  it.each([null, 5, 'timeoutMs'])('refuses %p in place of limits', (asked: unknown) => {
    const error = { code: 'INVALID_REQUEST', message: 'limits must be an object' };
    expect(() => tightenLimits(configured, asked as never)).toThrow(expect.objectContaining(error));
  });
});
