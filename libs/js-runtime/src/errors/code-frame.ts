import { codeFrameColumns } from '@babel/code-frame';

/** Lines shown above and below the one with the position. */
const LINES_AROUND = 2;
/** What is shown of a line, in UTF-16 units: a minified source is one line of a megabyte. */
const MAX_LINE_CHARS = 100;
/** Of these, the ones before the position when its line is longer. */
const CHARS_BEFORE = 60;
const ELLIPSIS = '…';
/** Everything that would move the cursor, reverse the text or not be seen. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}]/gu;
const REPLACEMENT = '\ufffd';

const LF = 0x0a;
const CR = 0x0d;
const LINE_SEPARATOR = 0x2028;
const PARAGRAPH_SEPARATOR = 0x2029;

/**
 * The lines around a position of a source, numbered, with a mark at it: at most six lines of about 120 characters, without
 * colours.
 *
 * Neither source nor position are trusted. Only what is shown is cut out, after one walk to it: the source is never split.
 *
 * @param line 1-based, as V8 counts: lines end with \n, \r\n, \r, U+2028 or U+2029
 * @param column 1-based, in UTF-16 units; one past the end of the line is in it
 * @returns undefined when the position is not in the source
 */
export function codeFrameOf(source: string, line: number, column: number): string | undefined {
  if (!isPosition(line, source) || !isPosition(column, source)) return undefined;
  const first = Math.max(1, line - LINES_AROUND);
  let start = startOfLine(source, first);
  const shown: string[] = [];
  let markAt: number | undefined;
  for (let number = first; number <= line + LINES_AROUND && start !== undefined; number++) {
    const end = endOfLine(source, start);
    if (number === line) {
      if (column > end - start + 1) return undefined;
      const from = end - start > MAX_LINE_CHARS ? Math.max(0, column - 1 - CHARS_BEFORE) : 0;
      markAt = column - 1 - from + (from > 0 ? ELLIPSIS.length : 0);
      shown.push(cutOut(source, start, end, from));
    } else {
      shown.push(cutOut(source, start, end, 0));
    }
    start = nextLine(source, end);
  }
  if (markAt === undefined) return undefined;
  const location = { start: { line, column: markAt } };
  return codeFrameColumns(shown.join('\n'), location, {
    startLine: first,
    linesAbove: LINES_AROUND,
    linesBelow: LINES_AROUND,
  });
}

/** No source has more lines or columns than characters, and one. */
function isPosition(value: number, { length }: string): boolean {
  return Number.isInteger(value) && value >= 1 && value <= length + 1;
}

/** Where a line begins; undefined when there are fewer. Takes some milliseconds for each MiB before it, of whatever kind. */
function startOfLine(source: string, line: number): number | undefined {
  let start: number | undefined = 0;
  for (let number = 1; number < line && start !== undefined; number++) {
    start = nextLine(source, endOfLine(source, start));
  }
  return start;
}

/** Where the first line terminator is, from `index` on, or the end of the source. */
function endOfLine(source: string, index: number): number {
  let end = index;
  while (end < source.length && !isTerminator(source.charCodeAt(end))) end++;
  return end;
}

/** Where the line begins after the one that ends at `end`; undefined when that is the last. */
function nextLine(source: string, end: number): number | undefined {
  if (end === source.length) return undefined;
  return source.charCodeAt(end) === CR && source.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
}

function isTerminator(char: number): boolean {
  return char === LF || char === CR || char === LINE_SEPARATOR || char === PARAGRAPH_SEPARATOR;
}

/** What is shown of a line, from its character `from` on. Every unit stays one, so that the mark stays in place. */
function cutOut(source: string, start: number, end: number, from: number): string {
  const to = Math.min(end, start + from + MAX_LINE_CHARS);
  const text = source
    .slice(start + from, to)
    .toWellFormed()
    .replace(UNPRINTABLE, (char) => (char === '\t' ? char : REPLACEMENT.repeat(char.length)));
  return `${from > 0 ? ELLIPSIS : ''}${text}${to < end ? ELLIPSIS : ''}`;
}
