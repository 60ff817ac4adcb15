import { BrokenRealms } from './broken-realms.ts';

const { jest } = import.meta;

describe('BrokenRealms', () => {
  it('wants fresh ones for a while after three in a row, and once more after one of those that are tried then', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const realms = new BrokenRealms();
      for (let n = 0; n < 3; n++) {
        expect(realms.wantsFresh('a')).toBe(false);
        realms.broke('a');
      }
      expect([realms.wantsFresh('a'), realms.wantsFresh('b')]).toEqual([true, false]);
      now.mockReturnValue(60_001);
      expect(realms.wantsFresh('a')).toBe(false);
      realms.broke('a');
      expect(realms.wantsFresh('a')).toBe(true);
    } finally {
      now.mockRestore();
    }
  });

  it('has nothing against one that has served since', () => {
    const realms = new BrokenRealms();
    for (let n = 0; n < 10; n++) {
      realms.broke('a');
      realms.broke('a');
      expect(realms.isSuspected('a')).toBe(true);
      realms.served('a');
    }
    expect([realms.wantsFresh('a'), realms.isSuspected('a')]).toEqual([false, false]);
  });

  it('forgets whose was broken longest ago, where there are very many', () => {
    const realms = new BrokenRealms();
    for (let n = 0; n < 1001; n++) realms.broke(String(n));
    expect([realms.isSuspected('0'), realms.isSuspected('1')]).toEqual([false, true]);
  });
});
