import { Writable } from 'node:stream';
import type { LogLevel } from 'nestjs-js-runtime';
import type { LogConfig } from '../config/log.config.ts';
import { createLogger } from '../logging/root-logger.ts';
import { ScriptLog } from './script-log.ts';

interface Written {
  readonly lines: () => Record<string, unknown>[];
  readonly log: ScriptLog;
}

/** The main log is for errors only: scripts have a level of their own. */
function start(config: Partial<LogConfig> = {}): Written {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const root = createLogger({ level: 'error', format: 'json' }, stream);
  const all = { level: 'error', format: 'json', scriptLevel: 'debug', scriptLinesPerSecond: 100, ...config } as const;
  /** Those that are new. */
  const lines = (): Record<string, unknown>[] => {
    const written = text.split('\n').slice(0, -1);
    text = '';
    return written.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { log: new ScriptLog(root, all), lines };
}

const WHO = { executionId: 'e1', tenantId: 'acme', requestId: 'r1', scriptName: 'a.js' };

describe('ScriptLog', () => {
  it('writes each entry with its level, and whose it is', () => {
    const { log, lines } = start();
    const levels: LogLevel[] = ['log', 'info', 'warn', 'error', 'debug'];
    log.write({ ...WHO, entries: levels.map((level) => ({ level, message: `by ${level}` })) });
    const written = lines();
    expect(written.map(({ level, msg }) => [level, msg])).toEqual([
      ['info', 'by log'],
      ['info', 'by info'],
      ['warn', 'by warn'],
      ['error', 'by error'],
      ['debug', 'by debug'],
    ]);
    expect(written[0]).toMatchObject({
      channel: 'script',
      tenantId: 'acme',
      requestId: 'r1',
      executionId: 'e1',
      script: 'a.js',
    });
  });

  it.each([
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
    ['silent', 0],
  ] as const)('from %s on writes %d of four', (scriptLevel, count) => {
    const { log, lines } = start({ scriptLevel });
    const levels: LogLevel[] = ['log', 'warn', 'error', 'debug'];
    log.write({ ...WHO, entries: levels.map((level) => ({ level, message: 'a' })) });
    expect(lines()).toHaveLength(count);
  });

  it('cuts what is too long', () => {
    const { log, lines } = start();
    log.write({ ...WHO, scriptName: 'n'.repeat(1000), entries: [{ level: 'log', message: 'm'.repeat(100_000) }] });
    const [line] = lines();
    expect(line?.msg).toBe(`${'m'.repeat(4096)}…`);
    expect(line?.script).toBe(`${'n'.repeat(256)}…`);
  });

  it('leaves the text of tenants as it is, placeholders too', () => {
    const { log, lines } = start();
    const message = '%s %d %o %% {"level":"fatal"}\n{"level":"fatal"}';
    log.write({ ...WHO, entries: [{ level: 'log', message }] });
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([['info', message]]);
  });

  it('says how many lines it dropped, whatever its level', () => {
    const { log, lines } = start({ scriptLevel: 'error', scriptLinesPerSecond: 1 });
    log.write({ ...WHO, entries: Array.from({ length: 8 }, () => ({ level: 'error', message: 'a' }) as const) });
    expect(lines()).toHaveLength(5);
    log.close();
    expect(lines()).toMatchObject([{ tenantId: 'acme', dropped: 3, channel: 'script' }]);
  });
});
