import { artifactName } from './artifact-name.ts';

describe('artifactName', () => {
  it('can be read, and begins with what is the same for all of a tenant', () => {
    expect(artifactName('acme', 'f00d')).toBe('js-runtime:artifact:acme:f00d');
    expect(artifactName('Ä*?:%', 'f00d')).toBe('js-runtime:artifact:%00c4%002a%003f%003a%0025:f00d');
  });

  it('is another for every tenant and key', () => {
    const parts = [
      '',
      'a',
      'a:b',
      'b',
      ':',
      '%',
      '%003a',
      'A',
      ' a',
      'a ',
      '\ud800',
      '\udc00',
      '\ufffd',
      '🎉',
      'a\0',
      '*',
    ];
    const names = parts.flatMap((tenant) => parts.map((key) => artifactName(tenant, key)));
    expect(new Set(names).size).toBe(parts.length ** 2);
    for (const name of names) expect(name).toMatch(/^[\w.:%-]+$/);
  });
});
