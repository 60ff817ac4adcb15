import { cacheKey, toolchainOf } from './cache-key.ts';

const toolchain = toolchainOf({ stackSizeKb: 984 });
const key = (tenantId = 'acme', name = 'a.js', wrap = 'script', language = 'javascript', sourceHash = '00'): string =>
  cacheKey(toolchain, tenantId, name, wrap as 'script', language as 'javascript', sourceHash);

describe('cacheKey', () => {
  it('is the same for the same script', () => {
    expect(key()).toBe(key());
  });

  it('is a SHA-256, whatever goes in', () => {
    expect(key('', '', '', '', '')).toMatch(/^[0-9a-f]{64}$/);
    expect(key('t'.repeat(1000), 'ä🎉'.repeat(1000))).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['tenant', key('globex')],
    ['tenant by case', key('Acme')],
    ['name', key('acme', 'b.js')],
    ['wrap', key('acme', 'a.js', 'function')],
    ['language', key('acme', 'a.js', 'script', 'typescript')],
    ['source', key('acme', 'a.js', 'script', 'javascript', '01')],
    ['stack size', cacheKey(toolchainOf({ stackSizeKb: 64 }), 'acme', 'a.js', 'script', 'javascript', '00')],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toBe(key());
  });

  it('cannot be made to run one field into the next', () => {
    const keys = [
      key('ab', 'c'),
      key('a', 'bc'),
      key('ab","c', ''),
      key('ab', 'c","script'),
      key('ab"', ',"c'),
      key('ab\\', 'c'),
      key('', 'abc'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('toolchainOf', () => {
  it('names V8 and its flags', () => {
    expect(toolchain).toContain(`"${process.versions.v8}"`);
    expect(toolchain).toContain('"--stack-size=984"');
  });
});
