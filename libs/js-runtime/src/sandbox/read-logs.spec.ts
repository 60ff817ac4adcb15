import type { LogEntry } from '../protocol/messages.ts';
import { readLogs } from './read-logs.ts';

const CUT: LogEntry = { level: 'warn', message: '[log limit reached: further output was dropped]' };

function entries(...messages: string[]): LogEntry[] {
  return messages.map((message) => ({ level: 'info', message }));
}

/** A log as the realm hands it over. */
function read(logs: readonly LogEntry[], maxLogBytes: number, cut = false): LogEntry[] {
  return readLogs(JSON.stringify({ entries: logs, cut }), maxLogBytes);
}

describe('readLogs', () => {
  it('reads what the realm has written', () => {
    const logs: LogEntry[] = [
      { level: 'log', message: '' },
      { level: 'error', message: 'ä "quoted" \n' },
    ];
    expect(read(logs, 100)).toEqual(logs);
    expect(read([], 100)).toEqual([]);
  });

  it('says when the realm has dropped something', () => {
    expect(read(entries('abc'), 100, true)).toEqual([...entries('abc'), CUT]);
    expect(read([], 0, true)).toEqual([CUT]);
  });

  it('keeps messages whose bytes are as many as allowed', () => {
    const logs = entries('ä', 'bc');
    expect(read(logs, 4)).toEqual(logs);
    expect(read(entries('abcd', '', ''), 4)).toEqual(entries('abcd', '', ''));
  });

  it('does not count the entry that says that something was dropped', () => {
    expect(read(entries('ä', 'bc'), 4, true)).toEqual([...entries('ä', 'bc'), CUT]);
  });

  it('cuts the message in which the bytes run out, and drops all that follow', () => {
    expect(read(entries('abc', 'def', '', 'g'), 5)).toEqual([...entries('abc', 'de'), CUT]);
  });

  it('drops a message of which nothing would be left', () => {
    expect(read(entries('abc', 'def', 'g'), 3)).toEqual([...entries('abc'), CUT]);
    expect(read(entries('abc'), 0)).toEqual([CUT]);
  });

  it('says it once when both the realm and the bytes have dropped something', () => {
    expect(read(entries('abc', 'def'), 3, true)).toEqual([...entries('abc'), CUT]);
  });

  it('counts bytes of UTF-8', () => {
    expect(read(entries('ä'.repeat(10)), 8)).toEqual([...entries('ä'.repeat(4)), CUT]);
  });

  it.each([
    ['two bytes', 'aä', 2, 'a'],
    ['three bytes', 'a€', 3, 'a'],
    ['four bytes', 'a🎉', 4, 'a'],
    ['four bytes, with three', '🎉🎉', 7, '🎉'],
    ['a character of its own', 'ä', 1, ''],
  ])('cuts no character in two: %s', (_, message, maxLogBytes, kept) => {
    expect(read(entries(message, 'more'), maxLogBytes)).toEqual([...entries(...(kept === '' ? [] : [kept])), CUT]);
  });

  it('keeps a byte order mark, also of a message that is cut', () => {
    expect(read(entries('\ufeffabc'), 100)).toEqual(entries('\ufeffabc'));
    expect(read(entries('\ufeffabc'), 5)).toEqual([...entries('\ufeffab'), CUT]);
  });

  it('keeps a lone surrogate', () => {
    expect(read(entries('a\ud800b'), 5)).toEqual(entries('a\ud800b'));
  });

  it('leaves out of stacks what is not of the script', () => {
    const stack = [
      'Error: no',
      '    at f (script.js:1:7)',
      '    at openRealm (js-runtime:realm:12:3)',
      '    at js-runtime:realm:1:1',
      '    at node:internal/process/task_queues:103:5',
      `    at execute (${new URL('execution.ts', import.meta.url).href}:40:9)`,
      '    at Array.map (<anonymous>)',
      '    at script.js:5:1',
    ].join('\n');
    const kept = 'Error: no\n    at f (script.js:1:7)\n    at Array.map (<anonymous>)\n    at script.js:5:1';
    expect(read(entries(stack), kept.length)).toEqual(entries(kept));
  });

  it('takes only frames for frames', () => {
    const text = 'node: js-runtime:realm\nat node:fs\n  at node:fs';
    expect(read(entries(text), 1000)).toEqual(entries(text));
  });
});
