import { parseAddress } from './address.ts';
import { HttpRules } from './http-rules.ts';
import { parseTarget } from './http-target.ts';

const rules = (allow: readonly string[], block: readonly string[] = []): HttpRules => new HttpRules({ allow, block });
const admitsHost = (url: string, allow: readonly string[], block?: readonly string[]): boolean =>
  rules(allow, block).admitsHost(parseTarget(url));
const admitsAddress = (url: string, address: string, allow: readonly string[], block?: readonly string[]): boolean => {
  const parsed = parseAddress(address);
  if (!parsed) throw new Error(`${address} is no address`);
  return rules(allow, block).admitsAddress(parseTarget(url), parsed);
};

describe('The rules of a tenant, on hosts', () => {
  it('allow nothing that is not listed', () => {
    expect(admitsHost('https://a.test', [])).toBe(false);
    expect(admitsHost('https://a.test', ['b.test', '10.0.0.0/8'])).toBe(false);
  });

  it.each([
    'https://api.test/path?query',
    'https://API.Test/',
    'https://api.test./',
    'https://api.test:443/',
    'https:api.test',
    String.raw`https:\\api.test\ `,
  ])('know the host of %s', (url) => {
    expect(admitsHost(url, ['api.test'])).toBe(true);
    expect(admitsHost(url, ['API.TEST.'])).toBe(true);
    expect(admitsHost(url, ['*'], ['api.test'])).toBe(false);
  });

  it.each([
    'https://api.test.evil.test',
    'https://xapi.test',
    'https://a.api.test',
    'https://evil.test/api.test#api.test',
  ])('do not take the host of %s for another', (url) => {
    expect(admitsHost(url, ['api.test'])).toBe(false);
  });

  it('have wildcards for subdomains, and not for the domain', () => {
    const allow = ['*.api.test'];
    expect(admitsHost('https://a.api.test', allow)).toBe(true);
    expect(admitsHost('https://b.a.api.test', allow)).toBe(true);
    expect(admitsHost('https://api.test', allow)).toBe(false);
    expect(admitsHost('https://xapi.test', allow)).toBe(false);
  });

  it('know international names in both their forms', () => {
    expect(admitsHost('https://bücher.test', ['xn--bcher-kva.test'])).toBe(true);
    expect(admitsHost('https://xn--bcher-kva.test', ['BÜCHER.test'])).toBe(true);
  });

  it('are for https and its port, unless they say otherwise', () => {
    expect(admitsHost('http://api.test', ['api.test'])).toBe(false);
    expect(admitsHost('https://api.test:8443', ['api.test', '*'])).toBe(false);
    expect(admitsHost('https://api.test:8443', ['api.test:8443'])).toBe(true);
    expect(admitsHost('https://api.test', ['api.test:8443'])).toBe(false);
    expect(admitsHost('http://api.test', ['http://api.test'])).toBe(true);
    expect(admitsHost('https://api.test', ['http://api.test'])).toBe(false);
    expect(admitsHost('http://api.test:8080', ['HTTP://api.test:8080'])).toBe(true);
    expect(admitsHost('http://api.test:443', ['api.test'])).toBe(false);
    expect(admitsHost('https://api.test:80', ['https://api.test:80'])).toBe(true);
  });

  it('know an address, however it is written', () => {
    for (const url of ['https://10.1.2.3', 'https://0xa.66051', 'https://167838211', 'https://[::ffff:10.1.2.3]']) {
      expect(admitsHost(url, ['10.0.0.0/8'])).toBe(true);
      expect(admitsHost(url, ['10.1.2.3'])).toBe(true);
      expect(admitsHost(url, ['*'], ['10.0.0.0/8'])).toBe(false);
      expect(admitsHost(url, ['11.0.0.0/8', '10.1.2.4'])).toBe(false);
    }
    expect(admitsHost('https://[fd00::1]:8443', ['[fd00::/8]:8443'])).toBe(true);
    expect(admitsHost('https://[FD00:0::1]', ['fd00::1'])).toBe(true);
    expect(admitsHost('https://[fd00::1]', ['0.0.0.0'])).toBe(false);
  });

  it('block before anything is allowed, for all schemes and ports unless they say which', () => {
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['a.test'])).toBe(false);
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['*.test'])).toBe(false);
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['*'])).toBe(false);
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['https://a.test'])).toBe(true);
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['a.test:80'])).toBe(true);
    expect(admitsHost('http://a.test:81', ['http://a.test:81'], ['a.test:81'])).toBe(false);
  });
});

describe('The rules of a tenant, on addresses', () => {
  it('have no objection to a public one', () => {
    expect(admitsAddress('https://a.test', '1.1.1.1', ['a.test'])).toBe(true);
    expect(admitsAddress('https://a.test', '2606:4700::1111', ['a.test'])).toBe(true);
  });

  it('allow a private one only by address, never by name', () => {
    for (const allow of [['a.test'], ['*'], ['*.test'], ['a.test', '11.0.0.0/8'], ['a.test', 'fd00::/8']]) {
      expect(admitsAddress('https://a.test', '10.0.0.1', allow)).toBe(false);
    }
    expect(admitsAddress('https://a.test', '10.0.0.1', ['a.test', '10.0.0.0/8'])).toBe(true);
    expect(admitsAddress('https://a.test', '::ffff:10.0.0.1', ['a.test', '10.0.0.1'])).toBe(true);
    expect(admitsAddress('https://a.test', 'fd00::1', ['a.test', 'fd00::/8'])).toBe(true);
  });

  it('allow a private one only for the scheme and port that are listed with it', () => {
    const allow = ['http://a.test:8080', 'a.test', 'http://10.0.0.1:8080'];
    expect(admitsAddress('http://a.test:8080', '10.0.0.1', allow)).toBe(true);
    expect(admitsAddress('https://a.test', '10.0.0.1', allow)).toBe(false);
  });

  it('block', () => {
    expect(admitsAddress('https://a.test', '1.1.1.1', ['a.test', '1.0.0.0/8'], ['1.1.0.0/16'])).toBe(false);
    expect(admitsAddress('https://a.test', '::ffff:1.1.1.1', ['*'], ['1.1.1.1'])).toBe(false);
    expect(admitsAddress('https://a.test', '2606:4700::1111', ['*'], ['::/0'])).toBe(false);
    expect(admitsAddress('https://a.test', '1.1.1.1', ['*'], ['a.test'])).toBe(true);
  });
});

describe('The rules of a tenant, wrong', () => {
  it.each([
    ['', 'must be a host'],
    ['https://', 'must be a host'],
    ['https://a.test/', 'must be a host'],
    ['ftp://a.test', 'must be a host'],
    ['a.test/path', 'must be a host'],
    ['user@a.test', 'must be a host'],
    ['a.*.test', 'must be a host'],
    ['**.test', 'must be a host'],
    ['*.', 'must be a host'],
    ['*.*', 'must be a host'],
    ['a..test', 'must be a host'],
    ['a b', 'must be a host'],
    ['0x7f.1', 'must be a host'],
    ['*.127.0.0.1', 'must be a host'],
    ['10.1', 'must be a host'],
    ['[a.test]', 'must be a host'],
    ['a.test:0', 'must have a port of 1 to 65535'],
    ['a.test:65536', 'must have a port of 1 to 65535'],
    ['10.0.0.0/33', 'must have 0 to 32 after the slash'],
    ['10.0.0.0/', 'must have 0 to 32 after the slash'],
    ['fd00::/129', 'must have 0 to 128 after the slash'],
    ['10.0.0.1/8', 'must begin with the first address of the range, 10.0.0.0'],
    ['fd00::1/8', 'must begin with the first address of the range, fd00::'],
    ['::ffff:10.0.0.0/104', 'must be written as IPv4'],
    ['fe80::1%eth0', 'must be a host'],
  ])('say what is wrong with %j', (entry, message) => {
    expect(() => rules([entry])).toThrow(`allow ${JSON.stringify(entry)} ${message}`);
    expect(() => rules([], [entry])).toThrow(`block ${JSON.stringify(entry)} ${message}`);
  });

  it('do not allow by a range that is about everything, and may block by it', () => {
    expect(() => rules(['0.0.0.0/0'])).toThrow('* is every public host');
    expect(() => rules(['::/0'])).toThrow('* is every public host');
    expect(() => rules([], ['0.0.0.0/0', '::/0'])).not.toThrow();
  });
});
