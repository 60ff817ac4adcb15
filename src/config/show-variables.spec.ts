import { backendEnvironment } from './backend.config.ts';
import { isSecretVariable, showVariables } from './show-variables.ts';

const shown = (env: NodeJS.ProcessEnv): Map<string, { value: unknown; isDefault: boolean }> =>
  new Map(showVariables(env).map(({ variable, value, isDefault }) => [variable, { value, isDefault }]));

describe('showVariables', () => {
  it('has every variable of the backend, and no other', () => {
    const variables = showVariables({ PATH: '/usr/bin', AWS_SECRET_ACCESS_KEY: 'word' });
    expect(variables.map(({ variable }) => variable)).toEqual(Object.keys(backendEnvironment.shape));
    expect(variables.filter(({ isDefault }) => !isDefault)).toEqual([]);
    expect(variables).toContainEqual({ variable: 'PORT', value: 3000, isDefault: true });
  });

  it('tells what was set from what was not', () => {
    const rules = '{"acme":{"allow":["a.test"]}}';
    const variables = shown({ PORT: '8080', HTTP_RULES: rules, LOG_LEVEL: 'info' });
    expect(variables.get('PORT')).toEqual({ value: 8080, isDefault: false });
    expect(variables.get('HTTP_RULES')).toEqual({ value: rules, isDefault: false });
    expect(variables.get('LOG_LEVEL')).toEqual({ value: 'info', isDefault: true });
    expect(variables.get('HOST')).toEqual({ value: '127.0.0.1', isDefault: true });
  });

  it('shows no secret, and that there is one', () => {
    const variables = shown({ TENANT_KEYS: 'acme:a-secret-key', STORAGE_URL: 'redis://user:word@localhost' });
    expect(variables.get('TENANT_KEYS')).toEqual({ value: '[redacted]', isDefault: false });
    expect(variables.get('STORAGE_URL')).toEqual({ value: '[redacted]', isDefault: false });
    expect(shown({}).get('STORAGE_URL')).toEqual({ value: undefined, isDefault: true });
  });
});

describe('isSecretVariable', () => {
  it.each(['TENANT_KEYS', 'STORAGE_URL', 'ADMIN_KEY', 'METRICS_KEY', 'ANY_SECRET', 'DB_PASSWORD', 'TOKEN'])(
    'takes %s for secret',
    (variable) => {
      expect(isSecretVariable(variable)).toBe(true);
    },
  );

  it.each(['KV_MAX_KEYS', 'PORT', 'HTTP_RULES'])('takes %s for none', (variable) => {
    expect(isSecretVariable(variable)).toBe(false);
  });
});
