import { Script } from 'node:vm';
import fc from 'fast-check';
import { codeFrameOf } from './code-frame.ts';

/** What is at the mark, as the picture has it: the character above the `^`. */
function markedIn(frame: string): string {
  const lines = frame.split('\n');
  const mark = lines.findIndex((line) => /^ +\| \s*\^$/.test(line));
  return (lines[mark - 1] ?? '').charAt((lines[mark] ?? '').indexOf('^'));
}

describe('codeFrameOf', () => {
  it('shows the lines around a position, with their numbers and a mark', () => {
    const source = Array.from({ length: 20 }, (_, index) => `line(${index + 1});`).join('\n');
    expect(codeFrameOf(source, 10, 6)).toBe(
      [
        '   8 | line(8);',
        '   9 | line(9);',
        '> 10 | line(10);',
        '     |      ^',
        '  11 | line(11);',
        '  12 | line(12);',
      ].join('\n'),
    );
  });

  it.each([
    ['at the beginning', 'a\nb\nc\nd', 1, 1, '> 1 | a\n    | ^\n  2 | b\n  3 | c'],
    ['after the end', 'a\nb(', 2, 3, '  1 | a\n> 2 | b(\n    |   ^'],
    ['in an empty last line', 'a(\n', 2, 1, '  1 | a(\n> 2 |\n    | ^'],
    ['in an empty source', '', 1, 1, '> 1 |\n    | ^'],
  ])('shows a position %s', (_, source, line, column, frame) => {
    expect(codeFrameOf(source, line, column)).toBe(frame);
  });

  it.each([
    ['line 0', 0, 1],
    ['a negative line', -1, 1],
    ['a line too many', 3, 1],
    ['half a line', 1.5, 1],
    ['no number', NaN, 1],
    ['an endless line', Infinity, 1],
    ['column 0', 1, 0],
    ['a column after the end', 1, 4],
    ['a column of the next line', 1, 6],
    ['no column', 1, NaN],
    ['an endless column', 1, Infinity],
  ])('shows nothing for %s', (_, line, column) => {
    expect(codeFrameOf('ab\ncdef', line, column)).toBeUndefined();
  });

  it('counts lines as V8 does', () => {
    const terminators = ['\n', '\r\n', '\r', '\u2028', '\u2029', '\r\r\n', '\n\r'];
    const source = `${terminators.map((terminator, index) => `'line ${index}';${terminator}`).join('')}  §`;
    const line = Number(/^script\.js:(\d+)/.exec(syntaxErrorOf(source))?.[1]);
    expect(line).toBe(10);
    expect(codeFrameOf(source, line, 3)).toBe("   8 | 'line 6';\n   9 |\n> 10 |   §\n     |   ^");
  });

  it('keeps the mark in place after tabs', () => {
    expect(codeFrameOf('\tif (a)\t) b', 1, 9)).toBe('> 1 | \tif (a)\t) b\n    | \t      \t^');
  });

  it('shows what cannot be seen, or would move what is shown, as one character for each', () => {
    const source = 'a\u001b[31m\u0000\u0085\b\u202e\ufeff\u{e0001}\ud800b?';
    const r = '\ufffd';
    expect(codeFrameOf(source, 1, source.length)).toBe(
      `> 1 | a${r}[31m${r.repeat(8)}b?\n    | ${' '.repeat(source.length - 1)}^`,
    );
  });

  it('cuts a long line out around the position, and others at their end', () => {
    const long = 'x'.repeat(100_000);
    const frame = codeFrameOf(`${long}\n${long}§${long}\n${'s'.repeat(100)}`, 2, long.length + 1) ?? '';
    expect(frame.split('\n')).toEqual([
      `  1 | ${'x'.repeat(100)}…`,
      `> 2 | …${'x'.repeat(60)}§${'x'.repeat(39)}…`,
      `    | ${' '.repeat(61)}^`,
      `  3 | ${'s'.repeat(100)}`,
    ]);
  });

  it('takes no halves of characters when it cuts', () => {
    const frame = codeFrameOf('😀'.repeat(1000), 1, 1000) ?? '';
    expect(frame.isWellFormed()).toBe(true);
    expect(frame).toContain('> 1 | …\ufffd😀');
  });

  it('marks the character of any position, in a picture that is bounded', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ';', ' ', '\n', '\r', '\u2028', 'b'.repeat(150)),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, fc.nat(), (before, seed) => {
        const source = `${before}§${before}`;
        const lines = before.split(/\r\n|[\n\r\u2028\u2029]/);
        const [line, column] = [lines.length, (lines.at(-1) ?? '').length + 1];
        const frame = codeFrameOf(source, line, column) ?? '';
        expect(markedIn(frame)).toBe('§');
        expect(frame.split('\n').length).toBeLessThanOrEqual(6);
        expect(Math.max(...frame.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
        // A position of which nothing is known: whatever comes out, nothing is thrown.
        codeFrameOf(source, seed % 70, seed % 300);
      }),
    );
  });

  it.each([
    ['of line feeds', '\n', '> 8388608 |\n          | ^\n  8388609 |'],
    ['of one line', 'x', undefined],
    ['of separators', '\u2028', '> 8388608 |\n          | ^\n  8388609 |'],
  ])('walks to the end of a source of 8 MiB %s', (_, unit, frame) => {
    const source = unit.repeat(8 * 2 ** 20);
    const shown = codeFrameOf(source, source.length, 1);
    expect(shown?.split('\n').slice(2).join('\n')).toBe(frame);
  });
});

/** How V8 tells of the first error of a source. */
function syntaxErrorOf(source: string): string {
  try {
    new Script(source, { filename: 'script.js' });
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  throw new Error('It compiles');
}
