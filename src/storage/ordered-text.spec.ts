import fc from 'fast-check';
import { fromOrderedText, toOrderedText } from './ordered-text.ts';

/** Any UTF-16, also what is no Unicode. */
const anyString = fc
  .array(fc.oneof(fc.constantFrom(0, 0x61, 0xd7ff, 0xd800, 0xdc00, 0xdfff, 0xe000, 0xffff), fc.nat({ max: 0xffff })), {
    maxLength: 4,
  })
  .map((units) => String.fromCharCode(...units));

describe('toOrderedText', () => {
  it('survives UTF-8, where its bytes are ordered as the strings', () => {
    fc.assert(
      fc.property(anyString, anyString, (a, b) => {
        const [bytesOfA, bytesOfB] = [Buffer.from(toOrderedText(a)), Buffer.from(toOrderedText(b))];
        expect(fromOrderedText(bytesOfA.toString())).toBe(a);
        expect(Buffer.compare(bytesOfA, bytesOfB)).toBe(a < b ? -1 : Number(a > b));
        expect(toOrderedText(a + b)).toBe(toOrderedText(a) + toOrderedText(b));
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves most text as it is', () => {
    expect(toOrderedText('order:42 – Größe 大')).toBe('order:42 – Größe 大');
  });
});
