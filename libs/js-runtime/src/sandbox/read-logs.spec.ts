import type { LogEntry } from '../protocol/messages.ts';
import { readLogs } from './read-logs.ts';

function entries(...messages: string[]): LogEntry[] {
  return messages.map((message) => ({ level: 'info', message }));
}

describe('readLogs', () => {
  it('reads what the realm has written', () => {
    const logs: LogEntry[] = [
      { level: 'log', message: '' },
      { level: 'error', message: 'ä "quoted" \n' },
    ];
    expect(readLogs(JSON.stringify(logs), 100)).toEqual(logs);
    expect(readLogs('[]', 100)).toEqual([]);
  });

  it('keeps messages whose bytes are as many as allowed', () => {
    const logs = entries('ä', 'bc');
    expect(readLogs(JSON.stringify(logs), 4)).toEqual(logs);
  });

  it('cuts the message in which the bytes run out', () => {
    expect(readLogs(JSON.stringify(entries('abc', 'def')), 5)).toEqual(entries('abc', 'de'));
  });

  it('counts bytes of UTF-8', () => {
    const [entry] = readLogs(JSON.stringify(entries('ä'.repeat(10))), 8);
    expect(entry?.message).toBe('ä'.repeat(4));
  });
});
