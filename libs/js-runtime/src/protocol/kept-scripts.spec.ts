import { KeptScripts } from './kept-scripts.ts';

const MIB = 1024 * 1024;

describe('KeptScripts', () => {
  function filled(count: number, sourceChars = 1): { kept: KeptScripts<number>; dropped: number[] } {
    const dropped: number[] = [];
    const kept = new KeptScripts<number>((value) => dropped.push(value));
    for (let index = 0; index < count; index++) kept.use(`key ${index}`, sourceChars, index);
    return { kept, dropped };
  }

  it('keeps 256 scripts', () => {
    const { kept, dropped } = filled(256);
    expect(kept.get('key 0')).toBe(0);
    expect(dropped).toEqual([]);
  });

  it('drops the least recently used beyond that', () => {
    const { kept, dropped } = filled(256);
    kept.use('key 0', 1, 0);
    kept.use('another', 1, 256);
    expect(dropped).toEqual([1]);
    expect(kept.get('key 0')).toBe(0);
    expect(kept.get('key 1')).toBeUndefined();
  });

  it('keeps four million characters of source', () => {
    const { kept, dropped } = filled(6, MIB);
    expect(dropped).toEqual([0, 1]);
    expect(kept.get('key 2')).toBe(2);
  });

  it('counts a script that is used again once', () => {
    const { kept, dropped } = filled(4, MIB);
    for (let turn = 0; turn < 5; turn++) kept.use('key 3', MIB, 3);
    expect(dropped).toEqual([]);
  });

  it('never drops the script it was just given', () => {
    const { kept, dropped } = filled(2, 5 * MIB);
    expect(kept.get('key 1')).toBe(1);
    expect(dropped).toEqual([0]);
  });

  it('forgets everything with its isolate', () => {
    const { kept } = filled(3, MIB);
    kept.clear();
    expect(kept.get('key 0')).toBeUndefined();
    kept.use('key 9', 4 * MIB, 9);
    expect(kept.get('key 9')).toBe(9);
  });
});
