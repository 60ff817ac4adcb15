import type { CompiledScript } from './compiled-script.ts';
import { DescribedScripts } from './described-scripts.ts';

const WANTED = { tenantId: 'acme', name: 'a.js', wrap: 'script', language: 'javascript', source: '1 + 1' } as const;

function described(what: Partial<CompiledScript> = {}): CompiledScript {
  return { ...WANTED, id: 'id', sourceHash: 'hash', sourceBytes: 5, ...what };
}

describe('DescribedScripts', () => {
  let scripts: DescribedScripts;

  beforeEach(() => {
    scripts = new DescribedScripts();
  });

  it('finds what was added', () => {
    const script = described();
    scripts.add(script);
    expect(scripts.find(WANTED)).toBe(script);
  });

  it.each([
    ['another tenant', { tenantId: 'globex' }],
    ['another name', { name: 'b.js' }],
    ['another wrap', { wrap: 'function' }],
    ['another language', { language: 'typescript' }],
    ['another source', { source: '1 + 2' }],
  ] as const)('is not found for %s', (_, other) => {
    scripts.add(described());
    expect(scripts.find({ ...WANTED, ...other })).toBeUndefined();
    const script = described(other);
    scripts.add(script);
    expect(scripts.find({ ...WANTED, ...other })).toBe(script);
    expect(scripts.find(WANTED)).not.toBe(script);
  });

  it('forgets the oldest of too many', () => {
    const sources = Array.from({ length: 200 }, (_, index) => `${index}`);
    for (const source of sources) scripts.add(described({ source }));
    const known = sources.filter((source) => scripts.find({ ...WANTED, source }));
    expect(known).toEqual(sources.slice(-128));
  });

  it('forgets the oldest when they are too long together, and does not keep what is too long alone', () => {
    const sources = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(2 * 1024 * 1024));
    for (const source of sources) scripts.add(described({ source }));
    expect(sources.map((source) => scripts.find({ ...WANTED, source }) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    const long = 'x'.repeat(2 * 1024 * 1024 + 1);
    scripts.add(described({ source: long }));
    expect(scripts.find({ ...WANTED, source: long })).toBeUndefined();
  });

  it('remembers a few tenants with the same source', () => {
    const tenants = Array.from({ length: 10 }, (_, index) => `tenant-${index}`);
    for (const tenantId of tenants) scripts.add(described({ tenantId }));
    expect(tenants.filter((tenantId) => scripts.find({ ...WANTED, tenantId }))).toEqual(tenants.slice(-8));
  });
});
