import { inputToJson } from './input-to-json.ts';

describe('inputToJson', () => {
  it.each([
    ['null', null, 'null'],
    ['false', false, 'false'],
    ['a number', 1.5, '1.5'],
    ['an empty string', '', '""'],
    ['a list', [1, [2]], '[1,[2]]'],
    ['an object', { a: { b: 'ä' } }, '{"a":{"b":"ä"}}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])('writes %s as JSON', (_, input, json) => {
    expect(inputToJson(input, 100)).toBe(json);
  });

  it('is empty when there is no input', () => {
    expect(inputToJson(undefined, 1)).toBe('');
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const throws = (): never => {
    throw new Error('no');
  };
  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a bigint inside', { a: [1n] }],
    ['a cycle', cycle],
    ['a toJSON that throws', { toJSON: throws }],
    ['a toJSON that returns nothing', { toJSON: () => undefined }],
  ])('refuses %s', (_, input) => {
    expect(() => inputToJson(input, 100)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it('takes as many bytes as allowed, and not one more', () => {
    expect(inputToJson('x'.repeat(8), 10)).toHaveLength(10);
    expect(() => inputToJson('x'.repeat(9), 10)).toThrow(
      expect.objectContaining({
        code: 'INPUT_TOO_LARGE',
        details: { limit: { name: 'maxInputBytes', allowed: 10, used: 11 } },
      }),
    );
  });

  it('counts bytes of UTF-8, not characters', () => {
    expect(inputToJson('ääää', 10)).toBe('"ääää"');
    expect(() => inputToJson('äääää', 10)).toThrow(expect.objectContaining({ code: 'INPUT_TOO_LARGE' }));
  });
});
