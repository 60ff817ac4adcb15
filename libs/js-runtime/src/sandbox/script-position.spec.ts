import { REALM_FILE_NAME } from './realm/realm-source.ts';
import { describeForAuthor } from './script-position.ts';

function describeStack(...frames: string[]): ReturnType<typeof describeForAuthor> {
  const stack = ['Error: no', ...frames].join('\n');
  return describeForAuthor({ name: 'Error', message: 'no', stack }, ['a.js']);
}

describe('describeForAuthor', () => {
  it('reads the position off the first frame of the script', () => {
    expect(describeStack('    at f (a.js:2:10)', '    at a.js:5:1')).toEqual({
      name: 'Error',
      message: 'no',
      stack: 'Error: no\n    at f (a.js:2:10)\n    at a.js:5:1',
      file: 'a.js',
      line: 2,
      column: 10,
    });
  });

  it('leaves out frames of the realm and of built-ins', () => {
    const info = describeStack(
      `    at setTimeout (${REALM_FILE_NAME}:3:4)`,
      '    at Array.map (<anonymous>)',
      '    at a.js:5:1',
      `    at ${REALM_FILE_NAME}:9:9`,
    );
    expect(info).toMatchObject({ stack: 'Error: no\n    at a.js:5:1', line: 5, column: 1 });
  });

  it('drops everything behind the boundary of the isolate, also what is called as the script is', () => {
    const info = describeStack(
      '    at a.js:5:1',
      '    at (<isolated-vm boundary>)',
      '    at execute (file:///srv/sandbox/a.js:43:19)',
    );
    expect(info.stack).toBe('Error: no\n    at a.js:5:1');
  });

  it('drops what is not a frame', () => {
    expect(describeStack('a.js:1:1', '   at a.js:1:1', '\tat a.js:1:1').stack).toBe('Error: no');
  });

  it('puts the name and message first, whatever the stack begins with', () => {
    const raw = { name: 'Mine', message: 'two\nlines', stack: 'Other: text\n    at a.js:1:2' };
    expect(describeForAuthor(raw, ['a.js']).stack).toBe('Mine: two\nlines\n    at a.js:1:2');
  });

  it.each([
    ['there is no stack', ''],
    ['no frame is of the script', 'Error: no\n    at b.js:1:1'],
    ['the line is 0', 'Error: no\n    at a.js:0:1'],
    ['the column is missing', 'Error: no\n    at a.js:12'],
    ['the numbers are absurd', 'Error: no\n    at a.js:99999999999:1'],
    ['the numbers are none', 'Error: no\n    at a.js:x:y'],
  ])('knows no position when %s', (_, stack) => {
    const info = describeForAuthor({ name: 'Error', message: 'no', stack }, ['a.js']);
    expect(info).not.toHaveProperty('line');
    expect(info).not.toHaveProperty('column');
  });

  it.each(['a b.js', 'a:1:2', '(a.js', 'ä🎉.js', '.*', 'at', '$&'])('finds its way with the name %p', (name) => {
    const raw = { name: 'Error', message: 'no', stack: `Error: no\n    at f (${name}:7:8)` };
    expect(describeForAuthor(raw, [name])).toMatchObject({ file: name, line: 7, column: 8 });
  });

  it('keeps the frames of modules, and says which the position is in', () => {
    const stack = 'Error: no\n    at f (lib/a.js:7:8)\n    at b.js:1:1\n    at c.js:1:1';
    expect(describeForAuthor({ name: 'Error', message: 'no', stack }, ['b.js', 'a.js', 'lib/a.js'])).toEqual({
      name: 'Error',
      message: 'no',
      stack: 'Error: no\n    at f (lib/a.js:7:8)\n    at b.js:1:1',
      file: 'lib/a.js',
      line: 7,
      column: 8,
    });
  });
});
