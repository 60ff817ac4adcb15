import { isPublic, parseAddress } from './address.ts';

const isPublicText = (text: string): boolean => {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return isPublic(address);
};

describe('isPublic', () => {
  it.each([
    '1.1.1.1',
    '93.184.215.14',
    '223.255.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '2606:4700::1111',
    '2a00::1',
  ])('is true of %s', (text) => {
    expect(isPublicText(text)).toBe(true);
  });

  it.each([
    ['this network', ['0.0.0.0', '0.1.2.3']],
    ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fd12:3456::1', 'fec0::1']],
    ['link-local', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
    [
      'of a cloud',
      ['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254'],
    ],
    ['shared', ['100.64.0.1', '100.127.255.255']],
    [
      'for documentation or tests',
      ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1', '2001:2::1'],
    ],
    ['multicast or broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1', 'ff0e::1']],
    ['reserved', ['192.0.0.1', '192.88.99.1', '240.0.0.1', '::', '100::1', '4000::1', '5f00::1', '8000::1']],
    [
      'IPv4 as IPv6',
      ['::ffff:127.0.0.1', '::ffff:a00:1', '::ffff:0:0', '::127.0.0.1', '::a00:1', '::ffff:0:127.0.0.1'],
    ],
    [
      'a tunnel to IPv4',
      ['2002:7f00:1::', '2002:0101:0101::1', '2001:0:1::1', '64:ff9b::7f00:1', '64:ff9b::101:101', '64:ff9b:1::1'],
    ],
  ])('is false of what is %s', (_, texts) => {
    expect(texts.filter(isPublicText)).toEqual([]);
  });

  it('is true of a public address that is written as IPv6', () => {
    expect(isPublicText('::ffff:1.1.1.1')).toBe(true);
  });
});

describe('parseAddress', () => {
  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '1.1.1.1:80',
    '[::1]',
    '1.1.1.256',
  ])('takes %j for none: no URL and no DNS answer has it like that', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
