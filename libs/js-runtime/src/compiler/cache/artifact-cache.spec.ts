import { compileOptions } from '../../config/compile-options.ts';
import type { JsRuntimeOptions } from '../../config/options.schema.ts';
import { ArtifactCache } from './artifact-cache.ts';
import type { Artifact } from './artifact.ts';
import { SharedArtifacts } from './shared-artifacts.ts';

const OFF = { state: 'off', hits: 0, misses: 0, rejections: 0, errors: 0, timeouts: 0, skipped: 0 };

function cacheWith(raw: JsRuntimeOptions): ArtifactCache {
  const options = compileOptions(raw);
  return new ArtifactCache(options, new SharedArtifacts(options));
}

/** One whose code cache is of so many bytes. */
function artifactOf(bytes: number): Artifact {
  return { codeCache: new Uint8Array(bytes), javascript: undefined, imports: [], compileMs: 1 };
}

/** One of one byte that says which it is. */
function artifactNo(number: number): Artifact {
  return { ...artifactOf(0), codeCache: Uint8Array.of(number) };
}

describe('ArtifactCache', () => {
  it('gives back what it was given', async () => {
    const cache = cacheWith({});
    const whole = { codeCache: Uint8Array.of(1, 2, 3), javascript: 'a()', imports: ['./b.js'], compileMs: 2.5 };
    const none = { codeCache: undefined, javascript: undefined, imports: [], compileMs: 0 };
    await cache.set('acme', 'whole', whole);
    await cache.set('acme', 'none', none);
    await expect(cache.get('acme', 'whole')).resolves.toEqual(whole);
    await expect(cache.get('acme', 'none')).resolves.toEqual(none);
    expect(cache.stats()).toEqual({ entries: 2, bytes: 12, evictions: 0, rejections: 0, shared: OFF });
  });

  it('has nothing under a key that was not set, or was set by another tenant', async () => {
    const cache = cacheWith({});
    await cache.set('acme', 'a', artifactNo(1));
    for (const key of ['b', '', '__proto__', 'constructor']) {
      await expect(cache.get('acme', key)).resolves.toBeUndefined();
    }
    await expect(cache.get('globex', 'a')).resolves.toBeUndefined();
    await expect(cache.get('acme:a', '')).resolves.toBeUndefined();
  });

  it('keeps the last of two values', async () => {
    const cache = cacheWith({});
    await cache.set('acme', 'a', artifactOf(100));
    await cache.set('acme', 'a', artifactNo(2));
    await expect(cache.get('acme', 'a')).resolves.toEqual(artifactNo(2));
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: 1, evictions: 0 });
  });

  it('keeps the last of two values that are set at the same time', async () => {
    const cache = cacheWith({});
    await Promise.all([1, 2, 3].map((number) => cache.set('acme', 'a', artifactNo(number))));
    await expect(cache.get('acme', 'a')).resolves.toEqual(artifactNo(3));
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: 1 });
  });

  it('has what is being set', async () => {
    const cache = cacheWith({});
    const set = cache.set('acme', 'a', artifactNo(1));
    await expect(cache.get('acme', 'a')).resolves.toEqual(artifactNo(1));
    await set;
  });

  it('has what it counts, whatever is set, got and rejected at the same time', async () => {
    const cache = cacheWith({ cacheMaxEntries: 3 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const work: Promise<unknown>[] = [];
    for (let turn = 0; turn < 200; turn++) {
      const key = keys[turn % keys.length] ?? '';
      work.push(cache.set('acme', key, artifactNo(turn)), cache.get('acme', keys[(turn * 3) % keys.length] ?? ''));
      if (turn % 7 === 0) work.push(cache.reject('acme', keys[(turn + 1) % keys.length] ?? ''));
    }
    await Promise.all(work);
    const found = await Promise.all(keys.map(async (key) => cache.get('acme', key)));
    const { entries, bytes } = cache.stats();
    expect(found.filter(Boolean)).toHaveLength(entries);
    expect([entries, bytes]).toEqual([3, 3]);
  });

  it('keeps a copy, not the frame that the bytes came out of', async () => {
    const cache = cacheWith({});
    const frame = Buffer.from('....code....');
    await cache.set('acme', 'a', { ...artifactOf(0), codeCache: frame.subarray(4, 8) });
    frame.fill(0);
    const kept = (await cache.get('acme', 'a'))?.codeCache;
    expect(kept).toEqual(Uint8Array.from(Buffer.from('code')));
    expect(kept?.buffer.byteLength).toBe(4);
  });

  it('drops what was least recently used, got or set, when it is full', async () => {
    const cache = cacheWith({ cacheMaxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set('acme', key, artifactNo(1));
    await cache.get('acme', 'a');
    await cache.set('acme', 'd', artifactNo(1));
    await expect(cache.get('acme', 'b')).resolves.toBeUndefined();
    for (const key of ['a', 'c', 'd']) await expect(cache.get('acme', key)).resolves.toBeDefined();
    expect(cache.stats()).toMatchObject({ entries: 3, evictions: 1 });
  });

  it('never has more entries than allowed', async () => {
    const cache = cacheWith({ cacheMaxEntries: 5 });
    for (let index = 0; index < 50; index++) {
      await cache.set('acme', `key ${index}`, artifactNo(index));
      expect(cache.stats().entries).toBe(Math.min(index + 1, 5));
    }
    await expect(cache.get('acme', 'key 49')).resolves.toEqual(artifactNo(49));
  });

  it('keeps nothing when it is disabled', async () => {
    const cache = cacheWith({ cacheEnabled: false, cacheRedisUrl: 'redis://localhost', cacheSecret: 's'.repeat(32) });
    await cache.set('acme', 'a', artifactNo(1));
    await expect(cache.get('acme', 'a')).resolves.toBeUndefined();
    expect(cache.stats()).toMatchObject({ entries: 0, shared: OFF });
  });

  it('holds no more bytes than configured, the least recently used out first', async () => {
    const cache = cacheWith({ cacheMaxBytes: 100 });
    await Promise.all(['a', 'b', 'c'].map((key) => cache.set('acme', key, artifactOf(30))));
    await cache.get('acme', 'a');
    await cache.set('acme', 'd', artifactOf(30));
    expect(cache.stats()).toMatchObject({ entries: 3, bytes: 90 });
    await expect(cache.get('acme', 'b')).resolves.toBeUndefined();
    await expect(cache.get('acme', 'a')).resolves.toEqual(artifactOf(30));
    await cache.set('acme', 'a', artifactOf(10));
    expect(cache.stats()).toMatchObject({ entries: 3, bytes: 70 });
  });

  it('counts JavaScript and imports, too', async () => {
    const cache = cacheWith({ cacheMaxBytes: 100 });
    await cache.set('acme', 'a', { ...artifactOf(10), javascript: 'ä'.repeat(20), imports: ['./b.js', './c.js'] });
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: 62 });
  });

  it('does not keep what is larger than all of it, nor what that replaces', async () => {
    const cache = cacheWith({ cacheMaxBytes: 100 });
    for (const key of ['a', 'b']) await cache.set('acme', key, artifactOf(30));
    await cache.set('acme', 'a', artifactOf(101));
    await expect(cache.get('acme', 'a')).resolves.toBeUndefined();
    await expect(cache.get('acme', 'b')).resolves.toBeDefined();
    expect(cache.stats()).toMatchObject({ entries: 1, bytes: 30 });
  });

  it('forgets what V8 has refused', async () => {
    const cache = cacheWith({});
    await cache.set('acme', 'a', artifactNo(1));
    await cache.reject('acme', 'a');
    await cache.reject('acme', 'b');
    await expect(cache.get('acme', 'a')).resolves.toBeUndefined();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, evictions: 0, rejections: 2 });
  });

  it.each([{ cacheMaxEntries: 10 }, { cacheMaxBytes: 100 }])(
    'keeps what others have when one floods it (%j)',
    async (options) => {
      const cache = cacheWith(options);
      for (const tenant of ['acme', 'globex']) {
        for (const key of ['a', 'b']) await cache.set(tenant, key, artifactOf(10));
      }
      for (let index = 0; index < 100; index++) await cache.set('flood', `key ${index}`, artifactOf(10));
      for (const tenant of ['acme', 'globex']) {
        for (const key of ['a', 'b']) await expect(cache.get(tenant, key)).resolves.toBeDefined();
      }
      expect(cache.stats()).toMatchObject({ entries: 10, bytes: 100, evictions: 94 });
    },
  );
});
