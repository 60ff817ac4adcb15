import { cacheKey } from './cache-key.ts';

describe('cacheKey', () => {
  it('is the same for the same script', () => {
    expect(cacheKey('acme', 'a.js', 'script', '1')).toBe(cacheKey('acme', 'a.js', 'script', '1'));
  });

  it('is a SHA-256, whatever goes in', () => {
    expect(cacheKey('', '', 'script', '')).toMatch(/^[0-9a-f]{64}$/);
    expect(cacheKey('t'.repeat(1000), 'n', 'function', 'ä🎉'.repeat(1000))).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['tenant', cacheKey('globex', 'a.js', 'script', '1')],
    ['name', cacheKey('acme', 'b.js', 'script', '1')],
    ['wrap', cacheKey('acme', 'a.js', 'function', '1')],
    ['source', cacheKey('acme', 'a.js', 'script', '2')],
    ['source by a space', cacheKey('acme', 'a.js', 'script', '1 ')],
    ['tenant by case', cacheKey('Acme', 'a.js', 'script', '1')],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toBe(cacheKey('acme', 'a.js', 'script', '1'));
  });

  it('cannot be made to run one field into the next', () => {
    const keys = [
      cacheKey('ab', 'c', 'script', 'd'),
      cacheKey('a', 'bc', 'script', 'd'),
      cacheKey('a', 'b', 'script', 'cd'),
      cacheKey('ab","c', '', 'script', 'd'),
      cacheKey('ab', 'c","script"]', 'script', 'd'),
      cacheKey('ab', 'c', 'script', '"script"]d'),
      cacheKey('ab"', ',"c', 'script', 'd'),
      cacheKey('ab\\', 'c', 'script', 'd'),
      cacheKey('', 'ab', 'script', 'cd'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
