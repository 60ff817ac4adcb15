import { redactLine } from './redact-line.ts';

const redacted = (fields: object): unknown => JSON.parse(redactLine(JSON.stringify(fields)));

describe('redactLine', () => {
  it.each([
    ['redis://user:pass@host/1', 'redis://[redacted]@host/1'],
    ['at rediss://:p@ss%40word@host', 'at rediss://[redacted]@host'],
    ['https://host/path@2', 'https://host/path@2'],
    ['mail a@b', 'mail a@b'],
  ])('makes of %s %s', (msg, written) => {
    expect(redacted({ msg })).toEqual({ msg: written });
  });

  it('leaves out secret members at any depth, whatever is in them', () => {
    const fields = {
      password: 'a"b\\',
      req: { raw: { headers: { Authorization: 'Bearer key', cookie: '', 'x-api-key': '\\"', accept: '*' } } },
      msg: 'done',
    };
    expect(redacted(fields)).toEqual({
      password: '[redacted]',
      req: {
        raw: {
          headers: { Authorization: '[redacted]', cookie: '[redacted]', 'x-api-key': '[redacted]', accept: '*' },
        },
      },
      msg: 'done',
    });
  });

  it('is not led astray by text that looks like a member', () => {
    const fields = { msg: 'a","password":"b', stack: '{"password":"', level: 'info' };
    expect(redacted(fields)).toEqual(fields);
  });

  it('takes no time worth mentioning for text that was made to take it', () => {
    const texts = ['://'.repeat(20_000), '"password":"'.repeat(5000), '\\'.repeat(60_000), ':@/'.repeat(20_000)];
    for (const text of texts) expect(redacted({ text, password: text })).toEqual({ text, password: '[redacted]' });
  });
});
