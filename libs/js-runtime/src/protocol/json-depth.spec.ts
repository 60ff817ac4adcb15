import { isBeyond, isTooDeep, MAX_JSON_DEPTH } from './json-depth.ts';

const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);

describe('isTooDeep', () => {
  it('allows a thousand levels, and not one more', () => {
    expect(isTooDeep(nested(MAX_JSON_DEPTH))).toBe(false);
    expect(isTooDeep(nested(MAX_JSON_DEPTH + 1))).toBe(true);
    expect(isTooDeep(nested(MAX_JSON_DEPTH + 1, '{"a":', '}'))).toBe(true);
  });

  it('counts what is open, not what there was', () => {
    expect(isTooDeep(`[${'[],'.repeat(5000)}{}]`)).toBe(false);
  });

  it('does not count brackets in strings', () => {
    expect(isTooDeep(JSON.stringify(['['.repeat(5000), '"['.repeat(5000), '\\'.repeat(5001)]))).toBe(false);
  });

  it('does not believe a string that only looks closed', () => {
    expect(isTooDeep(`["\\"${nested(5000)}"]`)).toBe(false);
    expect(isTooDeep(`["\\\\"${nested(5000)}]`)).toBe(true);
  });
});

describe('isBeyond', () => {
  it('counts values as brackets and commas, but not in strings', () => {
    expect([isBeyond('[1,2,{"a":[]}]', 5), isBeyond('[1,2,{"a":[]}]', 4)]).toEqual([false, true]);
    expect(isBeyond(JSON.stringify([',[{,'.repeat(100)]), 1)).toBe(false);
  });

  it('is too deep, too', () => {
    expect(isBeyond(nested(MAX_JSON_DEPTH + 1), Infinity)).toBe(true);
  });
});
