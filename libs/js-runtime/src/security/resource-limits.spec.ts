import { compileOptions } from '../config/compile-options.ts';
import { tightenLimits } from './resource-limits.ts';

const configured = compileOptions({ timeoutMs: 1000 });

describe('tightenLimits', () => {
  it.each([
    ['nothing is asked for', undefined],
    ['no limit is named', {}],
    ['a limit is undefined', { timeoutMs: undefined }],
  ])('gives what is configured when %s', (_, asked) => {
    expect(tightenLimits(configured, asked)).toEqual({ timeoutMs: 1000 });
  });

  it.each([1, 250, 999, 1000])('gives the %i ms that were asked for', (timeoutMs) => {
    expect(tightenLimits(configured, { timeoutMs })).toEqual({ timeoutMs });
  });

  it.each([1001, 2 ** 31, Number.MAX_SAFE_INTEGER])('never loosens: %i ms become what is configured', (timeoutMs) => {
    expect(tightenLimits(configured, { timeoutMs })).toEqual({ timeoutMs: 1000 });
  });

  it.each([0, -1, 0.5, 1.5, NaN, Infinity, -Infinity])('refuses %p, which is no limit', (timeoutMs) => {
    const error = { code: 'INVALID_REQUEST', message: expect.stringContaining(`limits.timeoutMs is ${timeoutMs}`) };
    expect(() => tightenLimits(configured, { timeoutMs })).toThrow(expect.objectContaining(error));
  });

  it.each(['100', null, true, {}, []])('refuses %p, which is no number', (timeoutMs: unknown) => {
    const asked = { timeoutMs: timeoutMs as number };
    expect(() => tightenLimits(configured, asked)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it('passes on nothing else that a caller may have slipped in', () => {
    const asked = { timeoutMs: 5, maxMemoryMb: 4096 };
    expect(tightenLimits(configured, asked)).toEqual({ timeoutMs: 5 });
  });
});
