import { readBackendConfig } from './backend.config.ts';
import { readLogConfig } from './log.config.ts';

describe('readLogConfig', () => {
  it('has defaults', () => {
    expect(readLogConfig({}, false)).toEqual({
      level: 'info',
      format: 'json',
      scriptLevel: 'silent',
      scriptLinesPerSecond: 20,
    });
  });

  it('reads what is set', () => {
    const env = { LOG_LEVEL: 'trace', LOG_FORMAT: 'pretty', SCRIPT_LOG_LEVEL: 'warn', SCRIPT_LOGS_PER_SECOND: '3' };
    expect(readLogConfig(env, false)).toEqual({
      level: 'trace',
      format: 'pretty',
      scriptLevel: 'warn',
      scriptLinesPerSecond: 3,
    });
  });

  it.each([
    ['pretty', 'development on a terminal', {}, true],
    ['json', 'development elsewhere', {}, false],
    ['json', 'production on a terminal', { NODE_ENV: 'production' }, true],
    ['json', 'development on a terminal where it is set', { LOG_FORMAT: 'json' }, true],
  ])('is %s in %s', (format, _, env, isTerminal) => {
    expect(readLogConfig(env, isTerminal).format).toBe(format);
  });

  it.each([
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['SCRIPT_LOG_LEVEL', 'fatal'],
    ['SCRIPT_LOGS_PER_SECOND', '0'],
  ])('takes %s of "%s" for left out, and the start stops at it', (variable, value) => {
    expect(readLogConfig({ [variable]: value }, false)).toEqual(readLogConfig({}, false));
    expect(() => readBackendConfig({ [variable]: value })).toThrow(`${variable} is wrong: `);
  });
});
