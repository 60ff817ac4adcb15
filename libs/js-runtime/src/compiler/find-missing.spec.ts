import { compileOptions } from '../config/compile-options.ts';
import { ArtifactCache } from './cache/artifact-cache.ts';
import { SharedArtifacts } from './cache/shared-artifacts.ts';
import type { CompiledScript } from './compiled-script.ts';
import { findMissing } from './find-missing.ts';
import type { HotScript } from './hot-scripts.ts';

const CODE_CACHE = Uint8Array.of(1, 2, 3);

function hot(id: string): HotScript {
  const language = 'typescript';
  const source = `${id} as number`;
  const description = { name: `${id}.ts`, wrap: 'function', sourceHash: '', sourceBytes: source.length } as const;
  const script: CompiledScript = { id, tenantId: 'acme', language, source, ...description };
  return { script, maxMemoryMb: 64 };
}

/** A VM with an isolate of this heap limit that holds these scripts. */
function vmWith(
  isolateMemoryMb: number | undefined,
  ...heldKeys: readonly string[]
): Parameters<typeof findMissing>[1] {
  return { isolateMemoryMb, held: (key) => (heldKeys.includes(key) ? { imports: [], compileMs: 1 } : undefined) };
}

describe('findMissing', () => {
  let cache: ArtifactCache;

  beforeEach(async () => {
    const options = compileOptions({});
    cache = new ArtifactCache(options, new SharedArtifacts(options));
    for (const id of ['1', '2']) {
      await cache.set('acme', id, { codeCache: CODE_CACHE, javascript: id, imports: [], compileMs: 7 });
    }
  });

  it('asks for the first script that is not held, with its code', async () => {
    const unit = { key: '2', name: '2.ts', wrap: 'function', sourceChars: 11, imports: [], compileMs: 7 };
    await expect(findMissing([hot('1'), hot('2')], vmWith(64, '1'), cache)).resolves.toEqual({
      units: [{ ...unit, code: { source: '2', codeCache: CODE_CACHE } }],
      limits: { timeoutMs: 5000, maxCpuMs: 5000, maxMemoryMb: 64 },
    });
  });

  it('asks for nothing, and of nobody, when all are held', () => {
    expect(findMissing([hot('1')], vmWith(64, '1'), cache)).toBeUndefined();
    expect(findMissing([], vmWith(64), cache)).toBeUndefined();
  });

  it('asks for none that would take an isolate with another limit', () => {
    expect(findMissing([hot('1')], vmWith(32), cache)).toBeUndefined();
    expect(findMissing([hot('1')], vmWith(undefined), cache)).toBeDefined();
  });

  it('leaves out what has no code in memory', async () => {
    await cache.set('acme', '1', { codeCache: undefined, javascript: '1', imports: [], compileMs: 7 });
    await expect(findMissing([hot('0'), hot('1'), hot('2')], vmWith(64), cache)).resolves.toMatchObject({
      units: [{ key: '2' }],
    });
    await expect(findMissing([hot('0'), hot('1')], vmWith(64), cache)).resolves.toBeUndefined();
  });

  it('does not keep what it finds from being dropped', async () => {
    const options = compileOptions({ cacheMaxEntries: 2 });
    const small = new ArtifactCache(options, new SharedArtifacts(options));
    const artifact = { codeCache: CODE_CACHE, javascript: undefined, imports: [], compileMs: 7 };
    await small.set('acme', '1', artifact);
    await small.set('acme', '2', artifact);
    await findMissing([hot('1')], vmWith(64), small);
    await small.set('acme', '3', artifact);
    await expect(findMissing([hot('1')], vmWith(64), small)).resolves.toBeUndefined();
    await expect(findMissing([hot('2')], vmWith(64), small)).resolves.toBeDefined();
  });
});
