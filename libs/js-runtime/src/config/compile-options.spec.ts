import { compileOptions, InvalidOptionsError } from './compile-options.ts';
import { optionsSchema, type JsRuntimeOptions } from './options.schema.ts';

function problemsOf(raw: Record<string, unknown>): string {
  try {
    compileOptions(raw);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.message;
    throw error;
  }
  throw new Error('the options were accepted');
}

describe('compileOptions', () => {
  it('completes what is left out with the defaults', () => {
    expect(compileOptions({})).toEqual({
      poolSize: 10,
      maxVms: 20,
      overflowAfterMs: 100,
      vmMaxAgeMs: 3_600_000,
      vmMaxUses: 10_000,
      warmRealmsPerVm: 16,
      warmMaxRealms: 1000,
      warmMaxRealmsPerTenant: 100,
      warmMaxMemoryMb: 512,
      warmIdleMs: 300_000,
      warmMaxUses: 1_000_000,
      warmMaxOverlap: 1,
      vmCreateTimeoutMs: 5000,
      healthIntervalMs: 30_000,
      healthTimeoutMs: 100,
      drainTimeoutMs: 30_000,
      shutdownDelayMs: 0,
      queueSize: 1000,
      tenantConcurrency: 5,
      tenantQueueSize: 100,
      tenantWeight: 1,
      tenantBoundary: 'isolate',
      tenants: {},
      timeoutMs: 30_000,
      maxCpuMs: 60_000,
      maxMemoryMb: 64,
      maxApiCalls: 1000,
      maxApiCallsInFlight: 32,
      maxApiArgumentBytes: 131_072,
      maxApiResultBytes: 1_048_576,
      stackSizeKb: 984,
      maxSourceBytes: 1_048_576,
      maxModules: 64,
      maxInputBytes: 1_048_576,
      maxResultBytes: 1_048_576,
      maxLogBytes: 65_536,
      maxLogEntries: 1000,
      permissions: [],
      loadEnabled: true,
      loadIntervalMs: 1000,
      loadRecoveryMs: 5000,
      elevatedMemoryPercent: 80,
      criticalMemoryPercent: 92,
      elevatedEventLoopDelayMs: 200,
      criticalEventLoopDelayMs: 1000,
      elevatedQueueWaitMs: 2000,
      criticalQueueWaitMs: 10_000,
      metricsEnabled: true,
      auditEnabled: true,
      cacheEnabled: true,
      cacheMaxBytes: 128 * 1024 * 1024,
      cacheMaxEntries: 1000,
      cacheRedisTimeoutMs: 50,
      cacheRedisTtlMs: 7 * 24 * 3_600_000,
    });
  });

  it('treats an option that is undefined as left out', () => {
    expect(compileOptions({ poolSize: undefined })).toMatchObject({ poolSize: 10 });
  });

  it('freezes what it returns', () => {
    const options = compileOptions({});
    expect(Object.isFrozen(options)).toBe(true);
    expect(() => Object.assign(options, { poolSize: 1 })).toThrow(TypeError);
  });

  it('does not change what it is given', () => {
    const raw = Object.freeze({ poolSize: '3' });
    compileOptions(raw);
    expect(raw).toEqual({ poolSize: '3' });
  });

  it('reads numbers out of the strings of an environment', () => {
    const raw = { poolSize: '3', timeoutMs: ' 250 ', maxMemoryMb: '128' };
    expect(compileOptions(raw)).toMatchObject({ poolSize: 3, timeoutMs: 250, maxMemoryMb: 128 });
  });

  it.each([
    ['false', false],
    ['0', false],
    ['off', false],
    ['no', false],
    ['true', true],
    ['1', true],
    ['yes', true],
    [false, false],
    [true, true],
  ])('reads the flag %p as %p', (given, cacheEnabled) => {
    expect(compileOptions({ cacheEnabled: given })).toMatchObject({ cacheEnabled });
  });

  it.each([
    ['poolSize', 0],
    ['poolSize', 1001],
    ['poolSize', 2.5],
    ['poolSize', 'many'],
    ['overflowAfterMs', 0],
    ['vmMaxUses', 0],
    ['queueSize', 0],
    ['tenantConcurrency', 0],
    ['tenantQueueSize', -1],
    ['tenantWeight', 101],
    ['tenantBoundary', 'thread'],
    ['tenants', 'acme'],
    ['tenants', { acme: { tenantConcurrency: 0 } }],
    ['tenants', { acme: { poolSize: 3 } }],
    ['vmCreateTimeoutMs', 0],
    ['healthTimeoutMs', -1],
    ['timeoutMs', 86_400_001],
    ['maxMemoryMb', 7],
    ['maxMemoryMb', 4097],
    ['stackSizeKb', 127],
    ['stackSizeKb', 985],
    ['maxSourceBytes', 256 * 1024 * 1024 + 1],
    ['maxInputBytes', 0],
    ['maxResultBytes', -5],
    ['maxLogBytes', 0.5],
    ['maxLogEntries', 100_001],
    ['cacheEnabled', 'maybe'],
    ['cacheMaxEntries', 0],
    ['cacheRedisTimeoutMs', 0],
    ['cacheRedisTtlMs', 999],
    ['cacheRedisTtlMs', 366 * 86_400_000],
    ['cacheRedisUrl', 'localhost:6379'],
    ['cacheRedisUrl', 'http://localhost'],
    ['cacheRedisUrl', 'redis://'],
    ['cacheRedisUrl', 'redis://localhost/first'],
    ['cacheRedisUrl', 'redis://localhost?db=1'],
    ['cacheRedisUrl', 'redis://:100%@localhost'],
    ['cacheSecret', 'x'.repeat(31)],
    ['cacheSecret', 5],
  ])('refuses %s = %p', (option, value) => {
    expect(problemsOf({ [option]: value })).toContain(`${option} (JS_RUNTIME_`);
  });

  it.each([
    ['poolSize', 1],
    ['poolSize', 1000],
    ['timeoutMs', 86_400_000],
    ['maxMemoryMb', 8],
    ['maxMemoryMb', 4096],
    ['stackSizeKb', 128],
    ['stackSizeKb', 984],
    ['cacheSecret', 'x'.repeat(32)],
    ['cacheRedisTtlMs', 365 * 86_400_000],
  ])('takes the bound %s = %p', (option, value) => {
    expect(compileOptions({ [option]: value })).toMatchObject({ [option]: value });
  });

  it('names the option, its environment variable, the value and the rule', () => {
    expect(problemsOf({ timeoutMs: '0' })).toMatch(/timeoutMs \(JS_RUNTIME_TIMEOUT_MS\) is "0": .*>=1/);
    expect(problemsOf({ stackSizeKb: 1000 })).toMatch(/stackSizeKb \(JS_RUNTIME_STACK_SIZE_KB\) is 1000: .*<=984/);
  });

  it('allows twice as many VMs as it keeps ready, or as many as it is told', () => {
    expect(compileOptions({ poolSize: 3 })).toMatchObject({ maxVms: 6 });
    expect(compileOptions({ poolSize: 3, maxVms: 3 })).toMatchObject({ maxVms: 3 });
  });

  it('refuses fewer VMs at most than it keeps ready', () => {
    expect(problemsOf({ poolSize: 3, maxVms: 2 })).toMatch(/maxVms \(JS_RUNTIME_MAX_VMS\) is 2: .*poolSize.* 3/);
  });

  it.each(['redis://localhost', 'rediss://user:p%40ss@cache.example:6380/2', 'redis://:word@[::1]:6379'])(
    'takes the Redis %s',
    (cacheRedisUrl) => {
      const options = { cacheRedisUrl, cacheSecret: 'x'.repeat(32) };
      expect(compileOptions(options)).toMatchObject(options);
    },
  );

  it('refuses a shared cache without the secret that seals it', () => {
    expect(problemsOf({ cacheRedisUrl: 'redis://:hush@localhost' })).toMatch(
      /cacheSecret \(JS_RUNTIME_CACHE_SECRET\) is not set: must have at least 32 characters when cacheRedisUrl is set$/,
    );
  });

  it.each([
    ['cacheSecret', 'hush-hush'],
    ['cacheSecret', ['hush-hush']],
    ['cacheRedisUrl', 'redis://:hush-hush@localhost/first'],
    ['cacheRedisUrl', 'amqp://:hush-hush@localhost'],
    ['cacheRedisUrl', { url: 'hush-hush' }],
  ])('does not show a wrong %s', (option, value) => {
    const problems = problemsOf({ [option]: value, cachesecret: 'hush-hush' });
    expect(problems).toContain(`${option} (JS_RUNTIME_`);
    expect(problems).toContain('has a value that is not shown: ');
    expect(problems).not.toContain('hush');
  });

  it('shows neither the secret nor the URL when something else is wrong', () => {
    const secrets = { cacheRedisUrl: 'redis://:hush@localhost', cacheSecret: 'hush'.repeat(8) };
    for (const wrong of [{ poolSize: 0 }, { poolSize: 3, maxVms: 2 }, { tenants: 'acme' }]) {
      expect(problemsOf({ ...secrets, ...wrong })).not.toContain('hush');
    }
  });

  it('names every wrong option at once, each on a line', () => {
    const lines = problemsOf({ poolSize: 0, maxMemoryMb: 1, timeoutMs: 5 }).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('poolSize');
    expect(lines[2]).toContain('maxMemoryMb');
  });

  it('lists the options there are when it is given one there is not', () => {
    const problems = problemsOf({ poolsize: 3 });
    expect(problems).toContain('poolsize: no such option');
    for (const option of Object.keys(optionsSchema.shape)) expect(problems).toContain(option);
  });

  it.each(['poolSize', 'timeoutMs', 'maxMemoryMb'])('does not take null or an empty list for %s', (option) => {
    expect(problemsOf({ [option]: null })).toContain(option);
    expect(problemsOf({ [option]: [] })).toContain(option);
  });

  it('takes options of the right type only, as far as the compiler can tell', () => {
    const taken: JsRuntimeOptions[] = [];
    const take = (options: JsRuntimeOptions): number => taken.push(options);
    take({ poolSize: 3, tenants: (tenantId) => (tenantId.startsWith('a') ? { tenantWeight: 2 } : undefined) });
    take({ tenants: { acme: { tenantBoundary: 'process' } }, cacheEnabled: undefined });
    // @ts-expect-error -- text is for the environment
    take({ poolSize: 'ten' });
    // @ts-expect-error -- no such option of a tenant
    take({ tenants: { acme: { tenantConcurency: 1 } } });
    // @ts-expect-error -- it has to answer at once
    take({ tenants: async () => Promise.resolve({ tenantWeight: 2 }) });
    // That this file compiles is the test.
    expect(taken).toHaveLength(5);
  });
});
