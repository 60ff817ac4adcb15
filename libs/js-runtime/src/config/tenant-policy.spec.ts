import { compileOptions } from './compile-options.ts';
import { limitsOf } from './limits.ts';
import { TenantPolicies } from './tenant-policy.ts';

const defaults = {
  tenantConcurrency: 5,
  tenantQueueSize: 100,
  tenantWeight: 1,
  tenantBoundary: 'isolate',
  permissions: [],
  limits: limitsOf(compileOptions({})),
};

describe('TenantPolicies', () => {
  it('are the configured ones for whoever has none of its own', () => {
    const policies = new TenantPolicies(compileOptions({ tenantConcurrency: 7 }));
    expect(policies.of('acme')).toEqual({ ...defaults, tenantConcurrency: 7 });
  });

  it('are overridden tenant by tenant, option by option', () => {
    const tenants = { acme: { tenantBoundary: 'process', tenantWeight: 3 }, globex: { tenantQueueSize: 0 } };
    const policies = new TenantPolicies(compileOptions({ tenants }));
    expect(policies.of('acme')).toEqual({ ...defaults, tenantBoundary: 'process', tenantWeight: 3 });
    expect(policies.of('globex')).toEqual({ ...defaults, tenantQueueSize: 0 });
    expect(policies.of('initech')).toEqual(defaults);
  });

  it.each(['constructor', '__proto__', 'toString'])('know no tenant %p that nobody has written down', (tenantId) => {
    expect(new TenantPolicies(compileOptions({})).of(tenantId)).toEqual(defaults);
  });

  it('have permissions, a list of rules or one text of them', () => {
    const tenants = { acme: { permissions: ['kv:*'] }, globex: { permissions: 'kv:get, !http:*' } };
    const policies = new TenantPolicies(compileOptions({ permissions: 'all:*', tenants }));
    const permissions = ['acme', 'globex', 'initech'].map((id) => policies.of(id).permissions);
    expect(permissions).toEqual([['kv:*'], ['kv:get', '!http:*'], ['all:*']]);
    const wrong = new TenantPolicies(compileOptions({ tenants: () => ({ permissions: ['kv:'] }) }));
    expect(() => wrong.of('acme')).toThrow('must be a permission such as kv:get');
  });

  it('can be written as JSON, for the environment', () => {
    const policies = new TenantPolicies(compileOptions({ tenants: '{"acme":{"tenantConcurrency":"2"}}' }));
    expect(policies.of('acme')).toEqual({ ...defaults, tenantConcurrency: 2 });
  });

  it('can come from a function, which is asked every time', () => {
    let tenantConcurrency = 1;
    const tenants = (id: string): { tenantConcurrency: number } | undefined =>
      id === 'acme' ? { tenantConcurrency } : undefined;
    const policies = new TenantPolicies(compileOptions({ tenants }));
    expect(policies.of('acme')).toEqual({ ...defaults, tenantConcurrency: 1 });
    tenantConcurrency = 2;
    expect(policies.of('acme')).toEqual({ ...defaults, tenantConcurrency: 2 });
    expect(policies.of('globex')).toEqual(defaults);
  });

  it('are the configured ones where the function gives null', () => {
    const policies = new TenantPolicies(compileOptions({ tenants: () => null as never }));
    expect(policies.of('acme')).toEqual(defaults);
  });

  it('treat what is undefined as left out', () => {
    const policies = new TenantPolicies(compileOptions({ tenants: () => ({ tenantWeight: undefined }) }));
    expect(policies.of('acme')).toEqual(defaults);
  });

  it('say which tenant has what wrong option', () => {
    const policies = new TenantPolicies(compileOptions({ tenants: () => ({ tenantConcurrency: -1 }) }));
    expect(() => policies.of('acme')).toThrow(/tenant acme are wrong: .*>=1[^]*tenantConcurrency/);
  });

  it.each([
    ['a promise', Promise.resolve({ tenantBoundary: 'process' })],
    ['a list', []],
    ['a Map', new Map()],
    ['text', 'x'],
  ])('take no %s for options: nothing is better than the defaults for a tenant that is to have others', (_, given) => {
    const policies = new TenantPolicies(compileOptions({ tenants: () => given as never }));
    expect(() => policies.of('acme')).toThrow(
      'The options of tenant acme must be a plain object, at once, or undefined',
    );
  });

  it('let an error of the function through', () => {
    const tenants = (): never => {
      throw new RangeError('of the resolver');
    };
    expect(() => new TenantPolicies(compileOptions({ tenants })).of('acme')).toThrow(RangeError);
  });
});
