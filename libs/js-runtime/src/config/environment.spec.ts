import { environmentVariableOf, optionsFromEnvironment } from './environment.ts';
import { optionsSchema } from './options.schema.ts';

describe('environmentVariableOf', () => {
  it.each([
    ['timeoutMs', 'JS_RUNTIME_TIMEOUT_MS'],
    ['poolSize', 'JS_RUNTIME_POOL_SIZE'],
    ['vmCreateTimeoutMs', 'JS_RUNTIME_VM_CREATE_TIMEOUT_MS'],
    ['cacheMaxEntries', 'JS_RUNTIME_CACHE_MAX_ENTRIES'],
  ])('%s → %s', (option, variable) => {
    expect(environmentVariableOf(option)).toBe(variable);
  });

  it('gives every option a variable of its own', () => {
    const options = Object.keys(optionsSchema.shape);
    expect(new Set(options.map(environmentVariableOf)).size).toBe(options.length);
  });
});

describe('optionsFromEnvironment', () => {
  it('takes what is set, as it is written', () => {
    const env = { JS_RUNTIME_POOL_SIZE: '4', JS_RUNTIME_CACHE_ENABLED: 'false', JS_RUNTIME_TIMEOUT_MS: 'soon' };
    expect(optionsFromEnvironment(env)).toEqual({ poolSize: '4', cacheEnabled: 'false', timeoutMs: 'soon' });
  });

  it('finds every option', () => {
    const options = Object.keys(optionsSchema.shape);
    const env = Object.fromEntries(options.map((option) => [environmentVariableOf(option), `of ${option}`]));
    const found = Object.fromEntries(options.map((option) => [option, `of ${option}`]));
    expect(optionsFromEnvironment(env)).toEqual(found);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(optionsFromEnvironment({ JS_RUNTIME_POOL_SIZE: '' })).toEqual({});
  });

  it('leaves every other variable alone', () => {
    expect(optionsFromEnvironment({ POOL_SIZE: '4', JS_RUNTIME_POOLSIZE: '4', js_runtime_pool_size: '4' })).toEqual({});
  });
});
