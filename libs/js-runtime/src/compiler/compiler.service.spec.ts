import { hash } from 'node:crypto';
import { startRuntime, runtimeErrorOf, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { CompiledScript, CompileOptions } from './compiled-script.ts';

describe('CompilerService', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ maxSourceBytes: 1000 });
  });

  afterAll(async () => {
    await runtime.close();
  });

  const compileAs = async (
    tenantId: string,
    name: string,
    source: string,
    options?: CompileOptions,
  ): Promise<CompiledScript> =>
    runtime.tenancy.runAs({ tenant: { id: tenantId } }, async () => runtime.compiler.compile(name, source, options));
  const compile = async (name: string, source: string, options?: CompileOptions): Promise<CompiledScript> =>
    compileAs('acme', name, source, options);

  describe('compile', () => {
    it('describes the script, and freezes that', async () => {
      const script = await compile('a.js', 'input + "ä"');
      expect(script).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        name: 'a.js',
        sourceHash: hash('sha256', 'input + "ä"', 'hex'),
        wrap: 'script',
        language: 'javascript',
        tenantId: 'acme',
        source: 'input + "ä"',
        sourceBytes: 12,
      });
      expect(Object.isFrozen(script)).toBe(true);
    });

    it('makes a script that can be run again and again, without being compiled', async () => {
      const script = await compile('twice.js', '[input, context.tenant.id]');
      for (const input of [1, 2]) {
        await expect(runtime.run(script, { input })).resolves.toMatchObject({
          value: [input, 'acme'],
          usage: { compile: 'hit' },
        });
      }
    });

    it('keeps the wrap and the name', async () => {
      const script = await compile('body.js', 'await undefined; throw new Error("no")', { wrap: 'function' });
      const error = await runtimeErrorOf(runtime.run(script, { wrap: 'script', name: 'other.js' }));
      expect(error.details.error?.stack).toContain('body.js:1:24');
    });

    it('does not run the script', async () => {
      const script = await compile('loop.js', 'for (;;);');
      expect(script.name).toBe('loop.js');
    });

    it('gives the same id for the same script only', async () => {
      const ids = [
        await compile('a.js', '1'),
        await compile('a.js', '1'),
        await compile('b.js', '1'),
        await compile('a.js', '2'),
        await compile('a.js', '1', { wrap: 'function' }),
        await compileAs('globex', 'a.js', '1'),
      ].map(({ id }) => id);
      expect(ids[1]).toBe(ids[0]);
      expect(new Set(ids).size).toBe(5);
    });

    it.each(['script', 'function'] as const)('says where a %s does not compile', async (wrap) => {
      const error = await runtimeErrorOf(compile('bad.js', '1;\nlet x = ;', { wrap }));
      expect(error).toMatchObject({
        code: 'COMPILATION_FAILED',
        message: "SyntaxError: Unexpected token ';' (bad.js:2:9)",
        details: { error: { name: 'SyntaxError', line: 2, column: 9 } },
      });
    });

    it.each([
      ['if (input.a) {\n  return 1;', 'Unexpected end of input (bad.js:2:12)'],
      ['return 1 +', 'Unexpected end of input (bad.js:1:11)'],
      ['return 1 +\n', 'Unexpected end of input (bad.js:2:1)'],
      ['return `', 'Unexpected end of input (bad.js:1:9)'],
      ['f(1', 'missing ) after argument list (bad.js:1:3)'],
    ])('says of a body that ends too early, %j, that it is its end that is wrong', async (source, message) => {
      const error = await runtimeErrorOf(compile('bad.js', source, { wrap: 'function' }));
      expect(error.message).toBe(`SyntaxError: ${message}`);
      expect(error.details.error?.codeFrame).toContain('^');
    });

    it.each([
      ['script', '} catch {} {'],
      ['script', '}); (async function () {'],
      ['function', '}); (async function () {'],
    ] as const)('refuses a %s that would end a wrapper around it: %s', async (wrap, source) => {
      await expect(runtimeErrorOf(compile('out.js', source, { wrap }))).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
      });
    });

    it('refuses what has a wrong name or is too large, before a VM is needed', async () => {
      await expect(runtimeErrorOf(compile('', '1'))).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(runtimeErrorOf(compile('a\tb', '1'))).resolves.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(runtimeErrorOf(compile('a.js', ' '.repeat(1001)))).resolves.toMatchObject({
        code: 'SCRIPT_TOO_LARGE',
        details: { limit: { name: 'maxSourceBytes', allowed: 1000, used: 1001 } },
      });
    });

    it('refuses what is no string, and a wrap there is not', async () => {
      for (const source of [undefined, null, 5, {}]) {
        await expect(runtimeErrorOf(compile('a.js', source as string))).resolves.toMatchObject({
          code: 'INVALID_REQUEST',
        });
      }
      await expect(runtimeErrorOf(compile('a.js', '1', { wrap: 'block' as 'script' }))).resolves.toMatchObject({
        code: 'INVALID_REQUEST',
        message: 'wrap is "block"; allowed are script, function, module',
      });
      await expect(runtimeErrorOf(compile('a.js', '1', { language: 5 as never }))).resolves.toMatchObject({
        code: 'INVALID_REQUEST',
        message: 'language is a number; allowed are javascript, typescript',
      });
    });

    it('needs a tenant', async () => {
      await expect(runtimeErrorOf(runtime.compiler.compile('a.js', '1'))).resolves.toMatchObject({
        code: 'TENANT_CONTEXT_MISSING',
      });
    });
  });

  it('refuses what is larger than the limits of the execution, also when it was compiled before', async () => {
    const script = await compile('large.js', `1;${' '.repeat(500)}`);
    await expect(runtimeErrorOf(runtime.run(script, { limits: { maxSourceBytes: 500 } }))).resolves.toMatchObject({
      code: 'SCRIPT_TOO_LARGE',
      details: { limit: { name: 'maxSourceBytes', allowed: 500, used: 502 } },
    });
  });

  it('refuses to run the script of another tenant', async () => {
    const script = await compileAs('globex', 'theirs.js', 'context.tenant.id');
    await expect(runtimeErrorOf(runtime.run(script))).resolves.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(runtime.runAs('globex', script)).resolves.toMatchObject({ value: 'globex' });
  });

  it('finds the code of a script in the VM that ran it, and for another VM in the cache', async () => {
    // Both VMs are the tenant's before: one that was another's is replaced first, which takes longer than the script.
    const wait = 'new Promise((resolve) => setTimeout(resolve, 300))';
    let vmIds: Set<string>;
    do vmIds = new Set((await Promise.all([runtime.run(wait), runtime.run(wait)])).map(({ vmId }) => vmId));
    while (vmIds.size < 2);
    await until(() => runtime.pool.stats().available === 2);
    const script = await compile(
      'shared.js',
      '/* for two VMs */ new Promise((resolve) => setTimeout(resolve, 1000, 1))',
    );
    const [first, second] = await Promise.all([runtime.run(script), runtime.run(script)]);
    expect(first.vmId).not.toBe(second.vmId);
    expect([first.usage.compile, second.usage.compile]).toEqual(['hit', 'hit']);
  });

  it('has no entry for a source that does not compile', async () => {
    const { entries } = runtime.compiler.stats();
    await runtimeErrorOf(compile('bad.js', '/* again */ ('));
    await runtimeErrorOf(runtime.run('/* and again */ ('));
    expect(runtime.compiler.stats().entries).toBe(entries);
  });
});

describe('CompilerService and the pool', () => {
  it('runs a script where it is held, though another VM was used later', async () => {
    const runtime = await startRuntime({ poolSize: 2 });
    const atRest = async (): Promise<void> => until(() => runtime.pool.stats().available === 2);
    const slow = (name: string): string => `/* ${name} */ new Promise((resolve) => setTimeout(resolve, 300, 1))`;
    const [one, other] = await Promise.all([runtime.run(slow('one')), runtime.run(slow('other'))]);
    expect(one.vmId).not.toBe(other.vmId);
    for (const [source, vmId] of [
      [slow('one'), one.vmId],
      [slow('other'), other.vmId],
      [slow('one'), one.vmId],
    ] as const) {
      await atRest();
      await expect(runtime.run(source)).resolves.toMatchObject({ vmId, usage: { compile: 'hit' } });
    }
    await runtime.close();
  });
});

describe('CompilerService without a cache', () => {
  it('is sent again what it has lost, and no VM is ended for that', async () => {
    // So large that the VM replaces its isolate after compiling it.
    const functions = Array.from(
      { length: 9000 },
      (_, n) => `function f${n}(a) { return a * ${n} + Math.max(a, ${n}); }`,
    );
    const script = `${functions.join('\n')}\nf1(input)`;
    const runtime = await startRuntime({ poolSize: 1, maxVms: 1, cacheEnabled: false });
    try {
      for (let turn = 0; turn < 8; turn++) {
        await expect(runtime.run(script, { input: 2 })).resolves.toMatchObject({ value: 4 });
      }
      const linked = `${functions.join('\n')}\nexport default f1(2)`;
      for (let turn = 0; turn < 4; turn++) {
        await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
          runtime.compiler.compile('main.js', linked, { wrap: 'module' }),
        );
      }
      expect(runtime.pool.stats().destroyedBy).toMatchObject({ protocol: 0, crashed: 0 });
    } finally {
      await runtime.close();
    }
  });

  it('has the code in the VM that ran it, and keeps none itself', async () => {
    const runtime = await startRuntime({ poolSize: 1, cacheEnabled: false });
    try {
      const compile = [];
      for (let turn = 0; turn < 2; turn++) compile.push((await runtime.run('1')).usage.compile);
      expect(compile).toEqual(['miss', 'hit']);
      expect(runtime.compiler.stats()).toMatchObject({ hits: 1, misses: 1, entries: 0, bytes: 0 });
    } finally {
      await runtime.close();
    }
  });
});
