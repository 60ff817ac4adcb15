import { positionOfImport } from './import-position.ts';

describe('positionOfImport', () => {
  it.each([
    ['import "./a.js"', 1, 8],
    ["import './a.js'", 1, 8],
    ['one;\nimport { a } from "./a.js";', 2, 19],
    ['one;\r\ntwo;\rthree;\u2028  export * from "./a.js";', 4, 17],
    ['import { a } from\n  "./a.js";', 2, 3],
    ['const text = "./a.js"; import "./a.js"', 1, 31],
  ])('finds it in %j', (source, line, column) => {
    expect(positionOfImport(source, './a.js')).toEqual({ line, column });
  });

  it.each(['', 'const text = "./a.js"', 'import "./b.js"', 'fromage "./a.js"'])('finds none in %j', (source) => {
    expect(positionOfImport(source, './a.js')).toBeUndefined();
  });

  it('takes a specifier as it is', () => {
    expect(positionOfImport('import ".*$&("', '.*$&(')).toEqual({ line: 1, column: 8 });
  });

  it('is not slowed down by text that is nearly an import', () => {
    expect(positionOfImport(`${'from '.repeat(200_000)}"./a.js`, './a.js')).toBeUndefined();
    expect(positionOfImport('"./a.js"'.repeat(100_000), './a.js')).toBeUndefined();
    expect(positionOfImport(`/*${'"./a.js"'.repeat(1000)}*/import "./a.js"`, './a.js')).toBeUndefined();
    expect(positionOfImport(`${'\n'.repeat(1_000_000)}import "./a.js"`, './a.js')).toEqual({
      line: 1_000_001,
      column: 8,
    });
  });
});
