import { JsRuntimeError } from '../../../libs/js-runtime/src/errors/js-runtime-error.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModuleRequest, ModuleResolver, ModuleSource, TenantContext } from 'nestjs-js-runtime';
import {
  runtimeErrorOf,
  startRuntime,
  until,
  type TestRuntime,
} from '../../../libs/js-runtime/test-support/start-runtime.ts';

/** So long that it never passes. */
const LONG_MS = 20_000;
const IMPORTS = 'import d from "d"; export default d';

type Answer = ModuleSource | undefined;

/** Answers as a test says; it may answer anything. */
class ToldResolver implements ModuleResolver {
  static answer: (request: ModuleRequest, tenancy: TenantContext) => unknown;

  resolve(request: ModuleRequest, tenancy: TenantContext): Answer | Promise<Answer> {
    return ToldResolver.answer(request, tenancy) as Answer;
  }
}

describe('With a resolver that misbehaves', () => {
  let runtime: TestRuntime;
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => {
    unhandled.push(reason);
  };
  /** Compiled before by nobody. */
  let scripts = 0;
  const options = (timeoutMs = LONG_MS): { wrap: 'module'; name: string; limits: { timeoutMs: number } } => ({
    wrap: 'module',
    name: `script-${++scripts}.js`,
    limits: { timeoutMs },
  });

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1, maxVms: 1 }, { moduleResolver: ToldResolver });
    process.on('unhandledRejection', onUnhandled);
  });

  /** Nothing was left behind: no failure that nobody handles, and no VM that is of no use. */
  const expectToGoOn = async (): Promise<void> => {
    // Whatever was given up has had the time to fail.
    await sleep(20);
    expect(unhandled.splice(0)).toEqual([]);
    const { value } = await runtime.runAs('alice', '[context.tenant.id, 6 * 7]');
    expect(value).toEqual(['alice', 42]);
  };

  afterEach(expectToGoOn);

  afterAll(async () => {
    process.off('unhandledRejection', onUnhandled);
    await runtime.close();
  });

  it('the script ends at its deadline when there is no answer, the resolver is told, and the VM goes on', async () => {
    let signal: AbortSignal | undefined;
    ToldResolver.answer = (request) => {
      ({ signal } = request);
      return new Promise(() => undefined);
    };
    const { vmId } = await runtime.run('1');
    // Enough to get as far as asking.
    expect((await runtimeErrorOf(runtime.run(IMPORTS, options(2000)))).code).toBe('WALL_TIME_LIMIT_EXCEEDED');
    expect(signal?.aborted).toBe(true);
    expect((await runtime.run('1')).vmId).toBe(vmId);
  });

  it('an answer that comes after the deadline is nobody’s', async () => {
    ToldResolver.answer = async () => {
      await sleep(150);
      throw new Error('too late');
    };
    expect((await runtimeErrorOf(runtime.run(IMPORTS, options(50)))).code).toBe('WALL_TIME_LIMIT_EXCEEDED');
    await sleep(150);
  });

  it.each([
    ['before its answer', (): void => undefined],
    [
      'and its answer fails',
      (): never => {
        throw new Error('given up');
      },
    ],
  ])('a script is cancelled by its own resolver, %s', async (_, then) => {
    ToldResolver.answer = async ({ signal }) => {
      runtime.executions.cancel('job');
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
        setTimeout(resolve, 10);
      });
      then();
      return { name: 'd', source: 'export default 1' };
    };
    const execution = runtime.run(IMPORTS, { ...options(), executionId: 'job' });
    expect((await runtimeErrorOf(execution)).code).toBe('CANCELLED');
  });

  it('time is up while it is asked, and what it then fails with is nobody’s', async () => {
    ToldResolver.answer = ({ specifier }) => {
      const startedAt = performance.now();
      while (performance.now() - startedAt < 120);
      return Promise.reject(new Error(specifier));
    };
    expect((await runtimeErrorOf(runtime.run(IMPORTS, options(100)))).code).toBe('WALL_TIME_LIMIT_EXCEEDED');
  });

  it('a script that waits for it can be cancelled', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    ToldResolver.answer = ({ signal }) => {
      asked.resolve(signal);
      return new Promise(() => undefined);
    };
    const execution = runtimeErrorOf(runtime.run(IMPORTS, { ...options(), executionId: 'job' }));
    const signal = await asked.promise;
    expect(runtime.executions.cancel('job')).toBe(true);
    expect((await execution).code).toBe('CANCELLED');
    expect(signal.aborted).toBe(true);
  });

  it.each([
    ['an error', new Error('mine')],
    ['undefined', undefined],
    ['a text', 'mine'],
    ['an error with a code of ours', Object.assign(new Error('mine'), { code: 'CANCELLED' })],
  ])('what it fails with is passed on: %s', async (_, thrown) => {
    const fails = [
      (): unknown => {
        throw thrown as Error;
      },
      async (): Promise<unknown> => {
        await Promise.resolve();
        throw thrown as Error;
      },
      async (): Promise<unknown> => {
        await sleep(5);
        throw thrown as Error;
      },
    ];
    for (const fail of fails) {
      ToldResolver.answer = fail;
      await expect(
        runtime.run(IMPORTS, options()).then(
          () => 'a value',
          (error: unknown) => error === thrown,
        ),
      ).resolves.toBe(true);
    }
  });

  it('256 imports that all fail are one error', async () => {
    ToldResolver.answer = async ({ specifier }) => {
      await sleep(Number(specifier.slice(1)) % 7);
      throw new Error('mine');
    };
    const source = Array.from({ length: 256 }, (_, n) => `import "m${n}";`).join('');
    await expect(runtime.run(source, options())).rejects.toThrow('mine');
  });

  it.each([
    ['null', null, 'COMPILATION_FAILED'],
    ['false', false, undefined],
    ['a text', 'export default 1', undefined],
    ['a number', 7, undefined],
    ['a function', () => 'export default 1', undefined],
    ['a list', ['d', 'export default 1'], undefined],
    ['no name', { source: 'export default 1' }, undefined],
    ['no source', { name: 'd' }, undefined],
    ['an empty name', { name: '', source: '1' }, undefined],
    ['a name of 257 characters', { name: 'x'.repeat(257), source: '1' }, undefined],
    ['a name of many lines', { name: 'a\n    at file:///secret.js:1:1', source: '1' }, undefined],
    ['a name that is no text', { name: { toString: (): string => 'd' }, source: 'export default 1' }, undefined],
    ['a source that is no text', { name: 'd', source: Buffer.from('export default 1') }, undefined],
    ['a source that would be text', { name: 'd', source: { toString: () => 'export default 1' } }, undefined],
    ['a language of nobody', { name: 'd', source: 'export default 1', language: '__proto__' }, undefined],
    ['a language that is no text', { name: 'd', source: 'export default 1', language: ['typescript'] }, undefined],
    [
      'a module in an object that can be awaited',
      {
        then: (resolve: (value: unknown) => void) => {
          resolve({ name: 'd', source: '1' });
        },
      },
      'COMPILATION_FAILED',
    ],
    ['a source that is too large', { name: 'd', source: 'x'.repeat(2 ** 21) }, 'SCRIPT_TOO_LARGE'],
  ])('what is no module may be its answer: %s', async (_, answer, code) => {
    for (const given of [answer, Promise.resolve(answer)].slice(
      0,
      typeof answer === 'object' && answer && 'then' in answer ? 1 : 2,
    )) {
      ToldResolver.answer = () => given;
      // What is no module at all is the application's fault, not the script's.
      const error: unknown = await runtime.run(IMPORTS, options()).catch((thrown: unknown) => thrown);
      const ended = error instanceof JsRuntimeError ? error.code : /is no module/.exec(String(error))?.[0];
      expect(ended).toBe(code ?? 'is no module');
    }
  });

  it('a module cannot be read as anything else', async () => {
    ToldResolver.answer = () => ({
      name: 'd',
      source: 'export default typeof this',
      wrap: 'script',
      tenantId: 'alice',
      id: 'x',
      key: 'x',
    });
    expect((await runtime.run(IMPORTS, options())).value).toBe('undefined');
  });

  it('a module that is another one each time is the first one', async () => {
    let asked = 0;
    ToldResolver.answer = () => ({
      name: 'd',
      get source() {
        return `export default ${++asked}`;
      },
    });
    expect((await runtime.run('import a from "a"; import b from "b"; export default [a, b]', options())).value).toEqual(
      [1, 1],
    );
  });

  it('an endless graph ends', async () => {
    let asked = 0;
    ToldResolver.answer = () => ({ name: `m${++asked}`, source: `import "m${asked + 1}"` });
    expect((await runtimeErrorOf(runtime.run(IMPORTS, options()))).code).toBe('SCRIPT_TOO_LARGE');
    expect(asked).toBeLessThan(100);
  });

  it('what it answers for one tenant is compiled, kept and told of for that tenant alone', async () => {
    const source = 'let n = 0; export default ++n;';
    const asked: string[] = [];
    ToldResolver.answer = (_, { tenant }) => {
      asked.push(tenant.id);
      return { name: 'd', source };
    };
    const { wrap, name } = options();
    const misses: number[] = [];
    for (const tenant of ['alice', 'bob', 'alice', 'bob']) {
      const before = runtime.compiler.stats().misses;
      const { value } = await runtime.runAs(tenant, IMPORTS, { wrap, name });
      expect(value).toBe(1);
      misses.push(runtime.compiler.stats().misses - before);
    }
    // Script and module for each tenant, and the second time none but by V8, which has no code cache of modules.
    expect(misses.slice(0, 2)).toEqual([2, 2]);
    expect(asked).toEqual(['alice', 'bob', 'alice', 'bob']);
  });

  it('a process that has read TypeScript serves nobody else', async () => {
    const { vmId } = await runtime.runAs('bob', 'const a: number = 1; a', { language: 'typescript' });
    expect((await runtime.runAs('alice', '1')).vmId).not.toBe(vmId);
  });

  it('nor one that has read it in a module that it imports', async () => {
    ToldResolver.answer = () => ({ name: 'd', source: 'export default 1 as number', language: 'typescript' });
    const { vmId } = await runtime.runAs('bob', IMPORTS, options());
    expect((await runtime.runAs('alice', '1')).vmId).not.toBe(vmId);
  });

  it('a script that is compiled can be cancelled', async () => {
    // The parser guesses at every level, and does so for ever.
    const source = `${'<a>('.repeat(60)}1${')'.repeat(60)}`;
    const execution = runtimeErrorOf(runtime.run(source, { language: 'typescript', executionId: 'job' }));
    await until(() => runtime.pool.stats().inUse === 1);
    await sleep(50);
    expect(runtime.executions.cancel('job')).toBe(true);
    expect((await execution).code).toBe('CANCELLED');
  });
});
