import { KeptScripts } from './kept-scripts.ts';

function filled(count: number): KeptScripts {
  const kept = new KeptScripts();
  for (let index = 0; index < count; index++) kept.add(`key ${index}`);
  return kept;
}

describe('KeptScripts', () => {
  it('has what was added, and nothing else', () => {
    const kept = filled(2);
    expect(kept.has('key 0')).toBe(true);
    expect(kept.has('key 1')).toBe(true);
    for (const key of ['key 2', '', '__proto__']) expect(kept.has(key)).toBe(false);
  });

  it('has all of the most that is kept', () => {
    const kept = filled(KeptScripts.MAX);
    expect(kept.has('key 0')).toBe(true);
    expect(kept.has(`key ${KeptScripts.MAX - 1}`)).toBe(true);
  });

  it('loses the oldest, one for each that is too many', () => {
    const kept = filled(KeptScripts.MAX + 2);
    expect(kept.has('key 0')).toBe(false);
    expect(kept.has('key 1')).toBe(false);
    expect(kept.has('key 2')).toBe(true);
  });

  it('counts an added key as new, also when it was there', () => {
    const kept = filled(KeptScripts.MAX);
    kept.add('key 0');
    kept.add('one more');
    expect(kept.has('key 0')).toBe(true);
    expect(kept.has('key 1')).toBe(false);
    expect(kept.has('key 2')).toBe(true);
  });

  it('does not count a look as use: the isolate cannot see it', () => {
    const kept = filled(KeptScripts.MAX);
    kept.has('key 0');
    kept.add('one more');
    expect(kept.has('key 0')).toBe(false);
  });

  it('is empty after clear', () => {
    const kept = filled(3);
    kept.clear();
    expect(kept.has('key 2')).toBe(false);
  });
});
