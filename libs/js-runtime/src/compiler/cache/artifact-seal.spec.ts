import { ArtifactSeal } from './artifact-seal.ts';

const PAYLOAD = Buffer.from('what V8 made of a script');

describe('ArtifactSeal', () => {
  const seal = new ArtifactSeal('s'.repeat(32));
  const sealed = seal.seal('name', PAYLOAD);

  it('opens what was sealed with the same secret under the same name', () => {
    expect(seal.open('name', sealed)).toEqual(PAYLOAD);
    expect(new ArtifactSeal('s'.repeat(32)).open('name', sealed)).toEqual(PAYLOAD);
    expect(seal.open('', seal.seal('', Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('does not open what was sealed with another secret, or is found under another name', () => {
    expect(new ArtifactSeal('t'.repeat(32)).open('name', sealed)).toBeUndefined();
    expect(seal.open('nam', sealed)).toBeUndefined();
    expect(seal.open('name2', sealed)).toBeUndefined();
  });

  it('does not open what differs in any bit', () => {
    for (let bit = 0; bit < sealed.byteLength * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(seal.open('name', changed)).toBeUndefined();
    }
  });

  it('does not open what is shorter or longer', () => {
    for (let length = 0; length < sealed.byteLength; length++) {
      expect(seal.open('name', sealed.subarray(0, length))).toBeUndefined();
    }
    expect(seal.open('name', Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
  });

  it('does not take the end of a name for the beginning of a payload', () => {
    const mac = seal.seal('name', Buffer.from('payload')).subarray(0, 32);
    expect(seal.open('namepay', Buffer.concat([mac, Buffer.from('load')]))).toBeUndefined();
    expect(seal.open('nam', Buffer.concat([mac, Buffer.from('epayload')]))).toBeUndefined();
  });
});
