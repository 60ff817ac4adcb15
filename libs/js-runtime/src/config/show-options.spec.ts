import { compileOptions } from './compile-options.ts';
import { optionsSchema, SECRET_OPTIONS } from './options.schema.ts';
import { showOptions } from './show-options.ts';

const shown = (raw: Record<string, unknown>): Map<string, { value: unknown; isDefault: boolean }> =>
  new Map(showOptions(compileOptions(raw)).map(({ name, value, isDefault }) => [name, { value, isDefault }]));

describe('showOptions', () => {
  it('has every option, as it is by default', () => {
    const options = showOptions(compileOptions({}));
    expect(options.map(({ name }) => name)).toEqual(Object.keys(optionsSchema.shape));
    expect(options.filter(({ isDefault }) => !isDefault)).toEqual([]);
    expect(options).toContainEqual({ name: 'maxVms', variable: 'JS_RUNTIME_MAX_VMS', value: 20, isDefault: true });
  });

  it('tells what was set from what was not', () => {
    const options = shown({ poolSize: '3', cacheEnabled: 'false', permissions: 'kv:*', maxVms: 6 });
    expect(options.get('poolSize')).toEqual({ value: 3, isDefault: false });
    expect(options.get('cacheEnabled')).toEqual({ value: false, isDefault: false });
    expect(options.get('permissions')).toEqual({ value: ['kv:*'], isDefault: false });
    expect(options.get('maxVms')).toEqual({ value: 6, isDefault: true });
    expect(options.get('timeoutMs')).toEqual({ value: 30_000, isDefault: true });
  });

  it('shows no secret, and that there is one', () => {
    const secret = 'a-secret-of-32-characters-or-more';
    const options = shown({ cacheSecret: secret, cacheRedisUrl: 'redis://user:word@localhost' });
    for (const name of SECRET_OPTIONS) expect(options.get(name)).toEqual({ value: '[redacted]', isDefault: false });
    expect(shown({}).get('cacheSecret')).toEqual({ value: undefined, isDefault: true });
  });

  it('says that tenants are given by a function', () => {
    expect(shown({ tenants: () => undefined }).get('tenants')).toEqual({ value: '(a function)', isDefault: false });
  });
});
