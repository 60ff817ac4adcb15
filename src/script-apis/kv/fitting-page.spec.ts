import { fittingPage } from './fitting-page.ts';

const keys = ['\0', 'ü', '"', 'aaaa'];

describe('fittingPage', () => {
  it('never gives more bytes than there may be, and all that fit', () => {
    const whole = Buffer.byteLength(JSON.stringify({ keys, cursor: 'aaaa' }));
    for (let maxBytes = 0; maxBytes <= whole + 5; maxBytes++) {
      const page = fittingPage({ keys, cursor: 'aaaa' }, maxBytes);
      expect(page.keys).toEqual(keys.slice(0, page.keys.length));
      expect(page.cursor).toBe(page.keys.at(-1));
      const bytes = Buffer.byteLength(JSON.stringify(page));
      expect(page.keys.length === 1 || bytes <= maxBytes).toBe(true);
      expect(page.keys.length === keys.length).toBe(maxBytes > whole);
    }
  });

  it('leaves a last page that fits as it is', () => {
    expect(fittingPage({ keys }, 1000)).toEqual({ keys });
    expect(fittingPage({ keys: [] }, 2)).toEqual({ keys: [] });
  });
});
