import { parseTarget } from '../script-apis/http/http-target.ts';
import { readBackendConfig } from './backend.config.ts';

describe('readBackendConfig', () => {
  it('has defaults for development', () => {
    const config = readBackendConfig({});
    expect(config).toMatchObject({ isProduction: false, host: '127.0.0.1', port: 3000, storageUrl: undefined });
    expect(config.kvQuota).toEqual({ maxKeys: 10_000, maxBytes: 10 * 2 ** 20 });
    expect([...config.tenantKeys]).toEqual([
      ['acme-dev-key', 'acme'],
      ['globex-dev-key', 'globex'],
    ]);
  });

  it('reads tenants and their keys', () => {
    const { tenantKeys } = readBackendConfig({ TENANT_KEYS: 'acme:one-long-key,globex:another-key' });
    expect([...tenantKeys]).toEqual([
      ['one-long-key', 'acme'],
      ['another-key', 'globex'],
    ]);
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '70000'],
    ['HOST', ''],
    ['TENANT_KEYS', 'acme'],
    ['TENANT_KEYS', 'acme:short'],
    ['TENANT_KEYS', ''],
    ['STORAGE_URL', ''],
    ['STORAGE_URL', 'localhost:6379'],
    ['STORAGE_URL', 'http://localhost:6379'],
    ['STORAGE_URL', 'redis://'],
    ['STORAGE_URL', 'redis://host:port'],
    ['HTTP_RULES', ''],
    ['HTTP_RULES', '{"acme":{"allow":["https://a.test/path"]}}'],
    ['ADMIN_KEY', 'short'],
    ['ADMIN_KEY', 'with a blank'],
    ['METRICS_KEY', ''],
    ['METRICS_TENANTS', Array.from({ length: 101 }, (_, n) => `t${n}`).join()],
    ['KV_MAX_KEYS', '0'],
    ['KV_MAX_KEYS', '100001'],
    ['KV_MAX_BYTES', '10MB'],
  ])('names %s when it is "%s"', (variable, value) => {
    expect(() => readBackendConfig({ [variable]: value })).toThrow(`${variable} is wrong: `);
  });

  it.each(['redis://localhost', 'rediss://user:password@cache.internal:6380/2'])(
    'takes %s as storage',
    (STORAGE_URL) => {
      expect(readBackendConfig({ STORAGE_URL }).storageUrl).toBe(STORAGE_URL);
    },
  );

  it('reads what a tenant may keep', () => {
    const { kvQuota } = readBackendConfig({ KV_MAX_KEYS: '5', KV_MAX_BYTES: '1000' });
    expect(kvQuota).toEqual({ maxKeys: 5, maxBytes: 1000 });
  });

  it('refuses one key for two tenants', () => {
    const TENANT_KEYS = 'acme:the-same-key,globex:the-same-key';
    expect(() => readBackendConfig({ TENANT_KEYS })).toThrow('TENANT_KEYS gives one key to two tenants');
  });

  it.each([
    ['no keys', undefined],
    ['a development key', 'acme:acme-dev-key'],
  ])('refuses production with %s', (_, keys) => {
    const env = { NODE_ENV: 'production', ...(keys && { TENANT_KEYS: keys }) };
    expect(() => readBackendConfig(env)).toThrow('TENANT_KEYS must be set in production');
  });

  it('has an admin key that everybody knows, in development only', () => {
    expect(readBackendConfig({}).adminKey).toBe('admin-dev-key');
    const production = { NODE_ENV: 'production', TENANT_KEYS: 'acme:a-secret-key' };
    expect(readBackendConfig(production).adminKey).toBeUndefined();
    expect(readBackendConfig({ ...production, ADMIN_KEY: 'my-admin-key' }).adminKey).toBe('my-admin-key');
    const known = { ...production, ADMIN_KEY: 'admin-dev-key' };
    expect(() => readBackendConfig(known)).toThrow('ADMIN_KEY must not be the development key in production');
  });

  it.each(['ADMIN_KEY', 'METRICS_KEY'])('refuses the key of a tenant as %s', (variable) => {
    expect(() => readBackendConfig({ [variable]: 'acme-dev-key' })).toThrow('must not be keys of tenants');
  });

  it('reads the tenants that metrics tell of', () => {
    expect(readBackendConfig({}).metricsTenants).toEqual([]);
    expect(readBackendConfig({ METRICS_TENANTS: 'acme, globex,,acme' }).metricsTenants).toEqual(['acme', 'globex']);
  });

  it('takes production with keys of its own', () => {
    const config = readBackendConfig({ NODE_ENV: 'production', TENANT_KEYS: 'acme:a-secret-key' });
    expect(config.isProduction).toBe(true);
  });

  it.each([
    ['any public host over https in development', {}, 'https://a.test', true],
    ['nothing else in development', {}, 'http://a.test', false],
    ['nothing in production', { NODE_ENV: 'production', TENANT_KEYS: 'acme:a-secret-key' }, 'https://a.test', false],
    ['what is set', { HTTP_RULES: '{"acme":{"allow":["http://a.test"]}}' }, 'http://a.test', true],
    ['only what is set', { HTTP_RULES: '{"acme":{"allow":["http://a.test"]}}' }, 'https://a.test', false],
  ])('lets scripts send requests to %s', (_, env, url, isAllowed) => {
    expect(readBackendConfig(env).httpRules.for('acme').admitsHost(parseTarget(url))).toBe(isAllowed);
  });

  it('names HTTP_RULES, the tenant and the entry that is wrong', () => {
    const HTTP_RULES = '{"acme":{"allow":["a.test/b"]}}';
    expect(() => readBackendConfig({ HTTP_RULES })).toThrow(
      'HTTP_RULES is wrong: of tenant acme: allow "a.test/b" must be a host',
    );
  });
});
