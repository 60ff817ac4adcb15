import { Injectable } from '@nestjs/common';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import type { ModuleRequest, ModuleResolver, ModuleSource } from './module-resolver.ts';

/** Modules by tenant and specifier, and what was asked for. */
const modules = new Map<string, ModuleSource>();
const asked: string[] = [];
let onResolve: ((request: ModuleRequest) => Promise<ModuleSource | undefined>) | undefined;

@Injectable()
class TestResolver implements ModuleResolver {
  resolve(request: ModuleRequest, { tenant }: TenantContext): ReturnType<ModuleResolver['resolve']> {
    asked.push(`${tenant.id}: ${request.importer} imports ${request.specifier}`);
    return onResolve ? onResolve(request) : modules.get(`${tenant.id} ${request.specifier}`);
  }
}

function save(name: string, source: string, more: { language?: 'typescript'; tenant?: string } = {}): void {
  const { tenant = 'acme', language } = more;
  modules.set(`${tenant} ./${name}`, { name, source, language });
}

describe('Modules', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    const options = { poolSize: 2, maxModules: 10, maxSourceBytes: 10_000 };
    runtime = await startRuntime(options, { moduleResolver: TestResolver });
  });
  afterAll(async () => {
    await runtime.close();
  });
  beforeEach(() => {
    modules.clear();
    asked.length = 0;
    onResolve = undefined;
  });

  const AS_MODULE = { wrap: 'module', name: 'main.js' } as const;
  const run = async (source: string, options: ExecuteOptions = {}): Promise<unknown> =>
    runtime.valueOf(source, { ...AS_MODULE, ...options });
  const fail = async (source: string, options: ExecuteOptions = {}): ReturnType<TestRuntime['errorOf']> =>
    runtime.errorOf(source, { ...AS_MODULE, ...options });

  describe('the default export', () => {
    it.each([
      ['a value', 'export default { a: [1, null] }', { a: [1, null] }],
      ['undefined', 'export default undefined', undefined],
      ['what a promise resolves to', 'export default Promise.resolve(5)', 5],
      ['what a function returns', 'export default function () { return 5 }', 5],
      ['what an async function returns', 'export default async () => { await null; return 5 }', 5],
      ['what is exported as default', 'const a = 5; export { a as default }', 5],
      ['its value when all has been evaluated', 'let a = 1; export { a as default }; a = 2;', 2],
      ['what was awaited for it', 'export default await new Promise((r) => setTimeout(r, 1, 5))', 5],
      [
        'what a function returns, called when all has been evaluated',
        'let ready = false; export default () => ready; await new Promise((r) => setTimeout(r, 5)); ready = true;',
        true,
      ],
      [
        'what a function brings that waits for a timer',
        'export default () => new Promise((r) => setTimeout(r, 1, 5))',
        5,
      ],
    ])('gives the result: %s', async (_, source, value) => {
      await expect(run(source)).resolves.toEqual(value);
    });

    it('is called with the input and the context, frozen', async () => {
      const source = `export default (...args) => [
        args.length, args[0] === input, args[1] === context, args[0].a, args[1].tenant.id, Object.isFrozen(args[0])]`;
      await expect(run(source, { input: { a: 7 } })).resolves.toEqual([2, true, true, 7, 'acme', true]);
      await expect(
        run('export default function () { return [this === undefined, arguments[0] === undefined] }'),
      ).resolves.toEqual([true, true]);
    });

    it('has to be there', async () => {
      await expect(fail('export const a = 1')).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
        message: 'SyntaxError: main.js has no default export (main.js)',
      });
    });
  });

  it('is strict, and has its own scope', async () => {
    const source =
      'var a = 1; let b; export default [typeof globalThis.a, typeof this, (() => { try { c = 1 } catch (e) { return e.name } })()]';
    await expect(run(source)).resolves.toEqual(['undefined', 'undefined', 'ReferenceError']);
    await expect(run('export default Object.keys(import.meta)')).resolves.toEqual([]);
  });

  it('starts anew for each execution', async () => {
    save('state.js', 'export const state = { count: 0 }; Array.prototype.stained ??= 0;');
    const source =
      'import { state } from "./state.js"; let n = 0; export default () => [++n, ++state.count, ++Array.prototype.stained]';
    for (let turn = 0; turn < 3; turn++) await expect(run(source)).resolves.toEqual([1, 1, 1]);
  });

  describe('imports', () => {
    it('come from the resolver, which is told who asks; each module is evaluated once', async () => {
      save('a.js', 'import "./c.js"; console.log("a"); export const a = 1;');
      save('b.js', 'import { count } from "./c.js"; console.log("b"); export const b = count;');
      save('c.js', 'console.log("c"); export let count = 5;');
      const { value, logs } = await runtime.run(
        'import { a } from "./a.js"; import * as b from "./b.js"; console.log("main"); export default [a, b.b]',
        AS_MODULE,
      );
      expect(value).toEqual([1, 5]);
      expect(logs.map(({ message }) => message)).toEqual(['c', 'a', 'b', 'main']);
      expect(asked.sort()).toEqual([
        'acme: a.js imports ./c.js',
        'acme: b.js imports ./c.js',
        'acme: main.js imports ./a.js',
        'acme: main.js imports ./b.js',
      ]);
    });

    it('may go round in circles', async () => {
      save('even.js', 'import { odd } from "./odd.js"; export const even = (n) => n === 0 || odd(n - 1);');
      save('odd.js', 'import { even } from "./even.js"; export const odd = (n) => n !== 0 && even(n - 1);');
      await expect(run('import { even } from "./even.js"; export default even(10)')).resolves.toBe(true);
      const main = 'import { twice } from "./back.js"; export const one = () => 1; export default () => twice()';
      save('back.js', 'import { one } from "./main.js"; export const twice = () => one() + one();');
      save('main.js', main);
      await expect(run(main)).resolves.toBe(2);
    });

    it('may be TypeScript', async () => {
      save('rate.ts', 'export const rate: number = 0.5;\nexport type Rate = typeof rate;', { language: 'typescript' });
      const source = 'import { rate, type Rate } from "./rate.ts"; export default (n: number): Rate => n * rate';
      const options = { ...AS_MODULE, language: 'typescript' as const, input: 10 };
      for (const compile of ['miss', 'hit']) {
        await expect(runtime.run(source, options)).resolves.toMatchObject({ value: 5, usage: { compile } });
        // The VM that holds it is preferred if it is ready.
        await until(() => runtime.pool.stats().available === 2);
      }
    });

    it('may come from whatever has a then', async () => {
      const thenable = {
        then: (resolve: (module: ModuleSource) => void) => {
          resolve({ name: 'a.js', source: 'export default 5' });
        },
      };
      onResolve = () => thenable as unknown as Promise<ModuleSource>;
      await expect(run('export { default } from "./a.js"')).resolves.toBe(5);
    });

    it('of the script itself are the script, not another one like it', async () => {
      const source = 'import "./back.js"; console.log("main"); export default 1';
      save('main.js', source);
      save('back.js', 'import "./main.js";');
      const { logs } = await runtime.run(source, AS_MODULE);
      expect(logs).toHaveLength(1);
    });

    it('cannot be called as the script is', async () => {
      save('main.js', '// line\nexport const a = 1;');
      await expect(fail('import { a } from "./main.js"; export default a')).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
        message: 'Error: The script itself is called main.js: give it another name (main.js:1:19)',
      });
    });

    it('are asked for once in an execution, however many modules the VM has to let go of', async () => {
      const names = Array.from({ length: 9 }, (_, n) => `m${n}.js`);
      for (const name of names) save(name, `export default "${name}"`);
      const source = `${names.map((name, n) => `import m${n} from "./${name}";`).join('')} export default [${names.map((_, n) => `m${n}`).join()}]`;
      for (let turn = 0; turn < 3; turn++) {
        asked.length = 0;
        await expect(run(source)).resolves.toEqual(names);
        expect(asked).toHaveLength(9);
        for (let other = 0; other < 30; other++) await runtime.valueOf(`/* ${turn} ${other} */ 1`);
      }
    });

    it('are new from the next execution on when they change', async () => {
      const source = 'import { v } from "./v.js"; export default v';
      for (const version of [1, 2]) {
        save('v.js', `export const v = ${version}`);
        await expect(run(source)).resolves.toBe(version);
      }
    });

    it('are those of the tenant', async () => {
      save('own.js', 'export default "of acme"');
      save('own.js', 'export default "of globex"', { tenant: 'globex' });
      const source = 'export { default } from "./own.js"';
      await expect(run(source)).resolves.toBe('of acme');
      await expect(runtime.runAs('globex', source, AS_MODULE)).resolves.toMatchObject({ value: 'of globex' });
    });

    it('may be asked for with any name', async () => {
      for (const specifier of ['__proto__', 'constructor', 'script', 'a b', 'ä🎉', "it's"]) {
        modules.set(`acme ${specifier}`, {
          name: `module ${specifier}`,
          source: `export default ${JSON.stringify(specifier)}`,
        });
        await expect(run(`import value from ${JSON.stringify(specifier)}; export default value`)).resolves.toBe(
          specifier,
        );
      }
    });

    it('that are not there are named, with the line', async () => {
      save('a.js', '\n  import "./gone.js";');
      const error = await fail('import "./a.js"; export default 1');
      expect(error).toMatchObject({
        code: 'COMPILATION_FAILED',
        message: 'Error: Cannot find module "./gone.js" (a.js:2:10)',
        details: {
          error: {
            file: 'a.js',
            line: 2,
            column: 10,
            codeFrame: '  1 |\n> 2 |   import "./gone.js";\n    |          ^',
          },
        },
      });
    });

    it('of what is not exported are named, with the module that is wrong', async () => {
      save('a.js', 'import { y } from "./b.js"; export const x = y;');
      save('b.js', 'export const x = 1;');
      await expect(fail('import { x } from "./a.js"; export default x')).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
        message: "SyntaxError: The requested module './b.js' does not provide an export named 'y' (a.js:1:19)",
      });
    });

    it('of what is not exported are named also in a circle', async () => {
      save('a.js', 'import { nope } from "./b.js"; export const a = 1;');
      save('b.js', 'import "./a.js"; export const b = 1;');
      await expect(fail('import "./a.js"; export default 1')).resolves.toMatchObject({
        message: "SyntaxError: The requested module './b.js' does not provide an export named 'nope' (a.js:1:22)",
      });
    });

    it('that do not compile are named, with the position in them', async () => {
      save('a.js', 'export const x = ;');
      await expect(fail('import "./a.js"; export default 1')).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
        message: "SyntaxError: Unexpected token ';' (a.js:1:18)",
      });
    });

    it('that throw are in the stack', async () => {
      save('a.js', 'export const f = () => {\n  throw new RangeError("no");\n};');
      const error = await fail('import { f } from "./a.js";\nexport default () => f()');
      expect(error).toMatchObject({ code: 'SCRIPT_ERROR', message: 'RangeError: no' });
      expect(error.details.error).toMatchObject({ file: 'a.js', line: 2, column: 9 });
      expect(error.details.error?.stack).toBe('RangeError: no\n    at f (a.js:2:9)\n    at default (main.js:2:22)');
      save('b.js', 'throw new RangeError("at once")');
      await expect(fail('import "./b.js"; export default 1')).resolves.toMatchObject({
        code: 'SCRIPT_ERROR',
        details: { error: { file: 'b.js', line: 1, column: 7 } },
      });
    });

    it('are counted and measured together', async () => {
      const chain = (length: number): void => {
        for (let n = 1; n < length; n++)
          save(`${n}.js`, n + 1 < length ? `export { default } from "./${n + 1}.js"` : 'export default 5');
      };
      chain(10);
      await expect(run('export { default } from "./1.js"')).resolves.toBe(5);
      chain(11);
      await expect(fail('export { default } from "./1.js"')).resolves.toMatchObject({
        code: 'SCRIPT_TOO_LARGE',
        details: { limit: { name: 'maxModules', allowed: 10 } },
      });
      save('large.js', `export default "${'x'.repeat(9_900)}"`);
      await expect(fail(`import "./large.js"; export default "${'x'.repeat(100)}"`)).resolves.toMatchObject({
        code: 'SCRIPT_TOO_LARGE',
        details: { limit: { name: 'maxSourceBytes', allowed: 10_000 } },
      });
    });

    it('of one module are no more than 256, of 512 characters', async () => {
      const many = Array.from({ length: 257 }, (_, n) => `import "./${n}";`).join('');
      await expect(fail(`${many} export default 1`)).resolves.toMatchObject({
        message: 'SyntaxError: A module may import from 256 others, not from 257 (main.js)',
      });
      await expect(fail(`import "./${'x'.repeat(512)}"; export default 1`)).resolves.toMatchObject({
        message: 'SyntaxError: A module specifier may have 512 characters (main.js)',
      });
    });

    it('that are not there are told of one by one', async () => {
      const many = Array.from({ length: 256 }, (_, n) => `import "./${n}";`).join('');
      const error = await fail(`${'\n'.repeat(1000)}${many} export default 1`);
      expect(error.message).toBe('Error: Cannot find module "./0" (main.js:1001:8)');
    });

    it('at run time are not possible', async () => {
      await expect(fail('export default await import("./a.js")')).resolves.toMatchObject({ code: 'SCRIPT_ERROR' });
      expect(asked).toEqual([]);
    });

    it('wait for a resolver no longer than the execution may take, and tell it', async () => {
      let signal: AbortSignal | undefined;
      onResolve = async (request) => {
        ({ signal } = request);
        return new Promise(() => undefined);
      };
      const source = 'import "./slow.js"; export default 1';
      // Enough to get as far as asking.
      await expect(fail(source, { limits: { timeoutMs: 2000 } })).resolves.toMatchObject({
        code: 'WALL_TIME_LIMIT_EXCEEDED',
      });
      expect(signal?.aborted).toBe(true);

      const controller = new AbortController();
      signal = undefined;
      const cancelled = fail(source, { signal: controller.signal });
      await until(() => signal !== undefined);
      controller.abort();
      await expect(cancelled).resolves.toMatchObject({ code: 'CANCELLED' });
      expect((signal as AbortSignal | undefined)?.aborted).toBe(true);
      await expect(run('export default 1')).resolves.toBe(1);
    });

    it('fail with what the resolver throws: that is not the script’s fault', async () => {
      onResolve = async () => Promise.reject(new TypeError('the database is away'));
      await expect(run('import "./a.js"; export default 1')).rejects.toThrow(new TypeError('the database is away'));
      for (const odd of [{ name: '', source: 'export {}' }, { name: 'a.js' }, 'export {}', 5]) {
        onResolve = async () => Promise.resolve(odd as ModuleSource);
        const error: unknown = await run('import "./a.js"; export default 1').catch((thrown: unknown) => thrown);
        expect(error).not.toBeInstanceOf(JsRuntimeError);
        expect(String(error)).toContain(
          'The ModuleResolver has answered "./a.js", imported by main.js, with what is no module: ',
        );
      }
    });
  });

  describe('CompilerService.compile', () => {
    const compile = async (source: string, link?: boolean): Promise<unknown> =>
      runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
        runtime.compiler.compile('main.js', source, { wrap: 'module', link }),
      );

    it('links a module with what it imports, and evaluates none', async () => {
      save('a.js', 'for (;;); export const a = 1;');
      await expect(compile('import { a } from "./a.js"; export default () => a; for (;;);')).resolves.toMatchObject({
        wrap: 'module',
      });
      await expect(runtimeErrorOf(compile('import { b } from "./a.js"; export default 1'))).resolves.toMatchObject({
        message: "SyntaxError: The requested module './a.js' does not provide an export named 'b' (main.js:1:19)",
      });
      await expect(runtimeErrorOf(compile('import "./b.js"; export default 1'))).resolves.toMatchObject({
        message: 'Error: Cannot find module "./b.js" (main.js:1:8)',
      });
      await expect(runtimeErrorOf(compile('export const a = 1'))).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
      });
    });

    it('looks at the module alone if told so', async () => {
      await expect(compile('import "./b.js"; export const c = 1', false)).resolves.toMatchObject({ wrap: 'module' });
      expect(asked).toEqual([]);
      await expect(runtimeErrorOf(compile('export const a = ;', false))).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
      });
    });
  });
});

describe('Modules without a resolver', () => {
  it('can import nothing', async () => {
    const runtime = await startRuntime({ poolSize: 1 });
    try {
      await expect(runtime.valueOf('export default 5', { wrap: 'module' })).resolves.toBe(5);
      await expect(runtime.errorOf('import "node:fs"; export default 5', { wrap: 'module' })).resolves.toMatchObject({
        code: 'COMPILATION_FAILED',
        message: 'Error: Cannot find module "node:fs" (script.js:1:8)',
      });
    } finally {
      await runtime.close();
    }
  });
});
