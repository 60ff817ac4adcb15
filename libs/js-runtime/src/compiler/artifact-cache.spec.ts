import { compileOptions } from '../config/compile-options.ts';
import type { JsRuntimeOptions } from '../config/options.schema.ts';
import { ArtifactCache } from './artifact-cache.ts';

function cacheWith(options: JsRuntimeOptions): ArtifactCache {
  return new ArtifactCache(compileOptions(options));
}

describe('ArtifactCache', () => {
  it('gives back the bytes it was given', async () => {
    const cache = cacheWith({});
    await cache.set('a', Uint8Array.of(1, 2, 3));
    await expect(cache.get('a')).resolves.toEqual(Uint8Array.of(1, 2, 3));
    expect(cache.entries).toBe(1);
  });

  it('has nothing under a key that was not set', async () => {
    const cache = cacheWith({});
    await cache.set('a', Uint8Array.of(1));
    for (const key of ['b', '', '__proto__', 'constructor']) await expect(cache.get(key)).resolves.toBeUndefined();
  });

  it('keeps the last of two values', async () => {
    const cache = cacheWith({});
    await cache.set('a', Uint8Array.of(1));
    await cache.set('a', Uint8Array.of(2));
    await expect(cache.get('a')).resolves.toEqual(Uint8Array.of(2));
    expect(cache.entries).toBe(1);
  });

  it('keeps a copy, not the frame that the bytes came out of', async () => {
    const cache = cacheWith({});
    const frame = Buffer.from('....code....');
    await cache.set('a', frame.subarray(4, 8));
    frame.fill(0);
    const kept = await cache.get('a');
    expect(kept).toEqual(Uint8Array.from(Buffer.from('code')));
    expect(kept?.buffer.byteLength).toBe(4);
  });

  it('drops what was least recently used, got or set, when it is full', async () => {
    const cache = cacheWith({ cacheMaxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await cache.set(key, Uint8Array.of(1));
    await cache.get('a');
    await cache.set('d', Uint8Array.of(1));
    await expect(cache.get('b')).resolves.toBeUndefined();
    for (const key of ['a', 'c', 'd']) await expect(cache.get(key)).resolves.toBeDefined();
    expect(cache.entries).toBe(3);
  });

  it('never has more entries than allowed', async () => {
    const cache = cacheWith({ cacheMaxEntries: 5 });
    for (let index = 0; index < 50; index++) {
      await cache.set(`key ${index}`, Uint8Array.of(index));
      expect(cache.entries).toBe(Math.min(index + 1, 5));
    }
    await expect(cache.get('key 49')).resolves.toEqual(Uint8Array.of(49));
  });

  it('keeps nothing when it is disabled', async () => {
    const cache = cacheWith({ cacheEnabled: false });
    await cache.set('a', Uint8Array.of(1));
    await expect(cache.get('a')).resolves.toBeUndefined();
    expect(cache.entries).toBe(0);
  });

  it('holds no more bytes than configured, the least recently used out first', async () => {
    const cache = cacheWith({ cacheMaxBytes: 100 });
    await Promise.all(['a', 'b', 'c'].map((key) => cache.set(key, new Uint8Array(30))));
    await cache.get('a');
    await cache.set('d', new Uint8Array(30));
    expect([cache.entries, cache.bytes]).toEqual([3, 90]);
    await expect(cache.get('b')).resolves.toBeUndefined();
    await expect(cache.get('a')).resolves.toHaveLength(30);
    await cache.set('too large', new Uint8Array(101));
    await cache.set('a', new Uint8Array(10));
    expect([cache.entries, cache.bytes]).toEqual([3, 70]);
  });
});
