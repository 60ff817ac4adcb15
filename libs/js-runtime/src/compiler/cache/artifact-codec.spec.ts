import fc from 'fast-check';
import { decodeArtifact, encodeArtifact, MAX_ENCODED_BYTES } from './artifact-codec.ts';
import type { Artifact } from './artifact.ts';

/** Any other does as well; with the same one a failure is found again. */
const SEED = 20_260_101;

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const artifact = fc.record({
  codeCache: fc.option(fc.uint8Array(), { nil: undefined }),
  javascript: fc.option(text, { nil: undefined }),
  imports: fc.array(text, { maxLength: 4 }),
  compileMs: fc.double({ min: 0, max: 1e6, noNaN: true }).map((ms) => ms + 0),
});

const NOTHING: Artifact = { codeCache: undefined, javascript: undefined, imports: [], compileMs: 0 };

function encodedWith(header: unknown, rest = ''): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.byteLength);
  return Buffer.concat([length, json, Buffer.from(rest)]);
}

const HEADER = { version: 1, javascriptBytes: 2, codeCacheBytes: 3, imports: ['./a.js'], compileMs: 1 };

describe('encodeArtifact and decodeArtifact', () => {
  it('give back every artifact', () => {
    fc.assert(
      fc.property(artifact, (one) => {
        const encoded = encodeArtifact(one);
        const decoded = encoded && decodeArtifact(encoded);
        expect(decoded && { ...decoded, codeCache: decoded.codeCache && new Uint8Array(decoded.codeCache) }).toEqual(
          one,
        );
      }),
      { seed: SEED },
    );
  });

  it('do not take what is too large', () => {
    const codeCache = new Uint8Array(MAX_ENCODED_BYTES - 200);
    const encoded = encodeArtifact({ ...NOTHING, codeCache });
    expect(encoded && decodeArtifact(encoded)?.codeCache?.byteLength).toBe(codeCache.byteLength);
    expect(encodeArtifact({ ...NOTHING, codeCache: new Uint8Array(MAX_ENCODED_BYTES) })).toBeUndefined();
    expect(encodeArtifact({ ...NOTHING, javascript: 'ä'.repeat(MAX_ENCODED_BYTES / 2 + 1) })).toBeUndefined();
    expect(encodeArtifact({ ...NOTHING, imports: ['a'.repeat(MAX_ENCODED_BYTES)] })).toBeUndefined();
    expect(decodeArtifact(Buffer.alloc(MAX_ENCODED_BYTES + 1))).toBeUndefined();
  });

  it('do not take what UTF-8 would change', () => {
    expect(encodeArtifact({ ...NOTHING, javascript: '"\ud800"' })).toBeUndefined();
    expect(encodeArtifact({ ...NOTHING, imports: ['./\udc00.js'] })).toBeUndefined();
  });

  it('know what is right', () => {
    expect(decodeArtifact(encodedWith(HEADER, 'jsccc'))).toEqual({
      javascript: 'js',
      codeCache: Buffer.from('ccc'),
      imports: ['./a.js'],
      compileMs: 1,
    });
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['less than a length', Buffer.alloc(3)],
    ['no header', Buffer.alloc(4)],
    ['a header that is longer than all', Buffer.from([255, 255, 255, 255, 1])],
    ['no JSON', encodedWith('{')],
    ['a list', encodedWith([])],
    ['null', encodedWith(null)],
    ['another version', encodedWith({ ...HEADER, version: 2 }, 'jsccc')],
    ['a field too many', encodedWith({ ...HEADER, more: 1 }, 'jsccc')],
    ['a field missing', encodedWith({ ...HEADER, imports: undefined }, 'jsccc')],
    ['imports that are no strings', encodedWith({ ...HEADER, imports: [1] }, 'jsccc')],
    ['a size below zero', encodedWith({ ...HEADER, javascriptBytes: -1, codeCacheBytes: 6 }, 'jsccc')],
    ['a broken size', encodedWith({ ...HEADER, javascriptBytes: 1.5, codeCacheBytes: 3.5 }, 'jsccc')],
    ['too few bytes', encodedWith(HEADER, 'jscc')],
    ['too many bytes', encodedWith(HEADER, 'jscccc')],
    ['time below zero', encodedWith({ ...HEADER, compileMs: -1 }, 'jsccc')],
  ])('refuse %s', (_, encoded) => {
    expect(decodeArtifact(encoded)).toBeUndefined();
  });
});
