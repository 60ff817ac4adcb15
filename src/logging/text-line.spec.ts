import { textLine } from './text-line.ts';

const BASE = { level: 'info', time: '2026-11-27T12:00:00.000Z' };
const textOf = (fields: object): string => textLine(`${JSON.stringify({ ...BASE, ...fields })}\n`);

describe('textLine', () => {
  it('has time, level, who writes, the message and the fields', () => {
    expect(textOf({ context: 'Request', msg: 'GET / 200', tenantId: 'acme', status: 200 })).toBe(
      '12:00:00.000 INFO  [Request] GET / 200 tenantId=acme status=200\n',
    );
  });

  it('has objects, further lines and the stack below', () => {
    expect(textOf({ level: 'error', msg: 'It failed\nbadly', stack: 'Error: a\n    at b', usage: { cpuMs: 1 } })).toBe(
      '12:00:00.000 ERROR It failed\n    badly\n    usage: cpuMs=1\n    Error: a\n        at b\n',
    );
  });

  it('wraps objects with many members', () => {
    const set = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`VARIABLE_${n}`, n]));
    const lines = textOf({ msg: 'In effect', set }).split('\n');
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line.length).toBeLessThan(130);
  });

  it.each(['msg', 'stack', 'context', 'name', 'member'])('lets nobody forge a line by %s', (place) => {
    const text = 'a\r\n12:00:00.000 ERROR forged\n12:00:00.001 \u001b[2K\u2028\u0085forged\ttoo';
    const fields = { msg: 'b', ...(place === 'member' ? { o: { deep: { text } } } : { [place]: text }) };
    const lines = textOf(fields).split('\n').slice(0, -1);
    expect(lines.filter((line) => /^\S/.test(line))).toHaveLength(1);
    expect(lines.join('')).toMatch(/^[\x20-\x7e\t]*$/);
  });

  it('lets nobody forge a line by the name of a member', () => {
    const lines = textOf({ msg: 'b', o: { 'a\n12:00:00.000 ERROR forged': 1 } }).split('\n');
    expect(lines.slice(0, -1).filter((line) => /^\S/.test(line))).toHaveLength(1);
  });
});
