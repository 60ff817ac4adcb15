import { parseTarget } from './http-target.ts';
import { TenantHttpRules } from './tenant-http-rules.ts';

const target = parseTarget('https://api.test');
const admits = (json: string, tenantId: string): boolean =>
  TenantHttpRules.parse(json).for(tenantId).admitsHost(target);

describe('TenantHttpRules', () => {
  it('has those of the tenant, and of no other', () => {
    const json = '{"acme":{"allow":["api.test"]},"globex":{"allow":["b.test"]}}';
    expect(admits(json, 'acme')).toBe(true);
    expect(admits(json, 'globex')).toBe(false);
    expect(admits(json, 'initech')).toBe(false);
  });

  it('has those of * for whoever is not named, and adds them to nobody else’s', () => {
    const json = '{"acme":{},"__proto__":{},"*":{"allow":["api.test"]}}';
    expect(admits(json, 'initech')).toBe(true);
    expect(admits(json, 'constructor')).toBe(true);
    expect(admits(json, 'acme')).toBe(false);
    expect(admits(json, '__proto__')).toBe(false);
  });

  it.each([
    ['', 'must be a JSON object of rules by tenant id'],
    ['{', 'must be a JSON object of rules by tenant id'],
    ['null', 'must be a JSON object of rules by tenant id'],
    ['[]', 'must be a JSON object of rules by tenant id'],
    ['{"acme":[]}', 'of tenant acme: '],
    ['{"acme":{"allow":"a.test"}}', 'of tenant acme: allow: '],
    ['{"acme":{"allow":[1]}}', 'of tenant acme: allow: 0: '],
    ['{"acme":{"alow":[]}}', 'of tenant acme: '],
    ['{"acme":{"allow":["a/b"]}}', 'of tenant acme: allow "a/b" must be a host'],
    ['{"*":{"block":["10.0.0.1/8"]}}', 'of tenant *: block "10.0.0.1/8" must begin with'],
  ])('says what is wrong with %j', (json, message) => {
    expect(() => TenantHttpRules.parse(json)).toThrow(message);
  });
});
