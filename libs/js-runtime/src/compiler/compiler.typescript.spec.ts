import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';

describe('TypeScript', () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 });
  });
  afterAll(async () => {
    await runtime.close();
  });

  const run = async (source: string, options: ExecuteOptions = {}): Promise<unknown> =>
    runtime.valueOf(source, { language: 'typescript', ...options });
  const fail = async (source: string, options: ExecuteOptions = {}): ReturnType<TestRuntime['errorOf']> =>
    runtime.errorOf(source, { language: 'typescript', name: 'a.ts', ...options });

  it.each<[ExecuteOptions['wrap'], string, unknown]>([
    ['script', 'const a: number = 6; interface B { c: string } (a satisfies number) * 7', 42],
    ['function', 'type A = { n: number };\nconst a: A = await { n: 42 }; return a!.n as number;', 42],
    [
      'module',
      'export default <T extends number>(input: T, { tenant }: { tenant: { id: string } }): string => tenant.id + input',
      'acme1',
    ],
    [
      'script',
      'abstract class A<T> { declare b: T; c?: T; constructor(d?: T) { this.c = d } } class D extends A<number> {} new D(5)',
      { c: 5 },
    ],
    ['script', 'let x = 1\ninterface B {}\n;(() => { x = 2 })()\nx', 2],
    ['script', '"ä🎉" as string', 'ä🎉'],
    ['script', '\ufeff6 as number', 6],
    ['module', '\ufeffexport default 6 as number', 6],
    ['function', '\ufeffreturn 6 as number', 6],
    ['script', '"\ud800" as string', '\ufffd'],
    ['script', '"\0" as string', '\0'],
    ['script', '', undefined],
  ])('as a %s loses its types only: %s', async (wrap, source, value) => {
    const options = { wrap, input: 1, language: 'typescript' } as const;
    const first = await runtime.run(source, options);
    const again = await runtime.run(source, options);
    // A VM that has the parser is near the memory that it may keep. One that came in its place compiles a module again.
    const compile = wrap !== 'module' || again.vmId === first.vmId ? 'hit' : 'miss';
    expect(first).toMatchObject({ value, usage: { compile: 'miss' } });
    expect(again).toMatchObject({ value, usage: { compile } });
  });

  it.each<[ExecuteOptions['wrap'], string]>([
    ['script', ''],
    ['function', ''],
    ['module', 'export default 1;'],
  ])('keeps every line and column of a %s', async (wrap, end) => {
    const source = `type A = {\r\n  "ä🎉": string;\r\n};\nconst f = (a: A | undefined, b?: number): void => { throw new TypeError("no"); };\n  f(undefined as A | undefined); ${end}`;
    const error = await fail(source, { wrap });
    expect(error.details.error).toMatchObject({ name: 'TypeError', file: 'a.ts', line: 4, column: 59 });
    expect(error.details.error?.stack).toMatch(/a\.ts:4:59\)\n {4}at .*a\.ts:5:3\)?$/);
  });

  it.each<[string, ExecuteOptions['wrap'], string]>([
    ['let a: number = 1;\nlet b: string = ;', 'script', 'SyntaxError: Expression expected (a.ts:2:17)'],
    ['let a: number = 1;\nlet b: string = ;', 'function', 'SyntaxError: Expression expected (a.ts:2:17)'],
    ['\t\tlet b: string = ;', 'module', 'SyntaxError: Expression expected (a.ts:1:19)'],
    ['enum A { B }', 'script', 'SyntaxError: TypeScript enum is not supported in strip-only mode (a.ts:1:1)'],
    ['\n\n/* open', 'script', 'SyntaxError: Unterminated block comment (a.ts:3:8)'],
    ['let a = ', 'script', 'SyntaxError: Expression expected (a.ts:1:9)'],
    ['if (input) {\n  return 1;', 'function', 'SyntaxError: Expression expected (a.ts:2:12)'],
    // What TypeScript takes, and V8 does not.
    ['let a: number; let a: string;', 'script', "SyntaxError: Identifier 'a' has already been declared (a.ts:1:20)"],
    [
      'await 1 as number',
      'script',
      'SyntaxError: await is only valid in async functions and the top level bodies of modules (a.ts:1:1)',
    ],
    ['}); (async function () {', 'function', 'SyntaxError: Single function literal required (a.ts)'],
  ])('says what is wrong with %j', async (source, wrap, message) => {
    const error = await fail(source, { wrap });
    expect([error.code, error.message]).toEqual(['COMPILATION_FAILED', message]);
  });

  it('that breaks its parser ends the VM, and the next one answers', async () => {
    const { destroyedBy } = runtime.pool.stats();
    const error = await fail('('.repeat(10_000));
    expect(error).toMatchObject({
      code: 'COMPILATION_FAILED',
      message: 'SyntaxError: The TypeScript is nested too deep, or too much (a.ts)',
    });
    await until(() => runtime.pool.stats().destroyedBy.parser === destroyedBy.parser + 1);
    await expect(run('6 * (7 as number)')).resolves.toBe(42);
  });

  it('is read in a process that serves no other tenant afterwards', async () => {
    const { value, vmId } = await runtime.runAs('acme', '1 as number', { language: 'typescript' });
    const other = await runtime.runAs('globex', 'context.tenant.id');
    expect([value, other.value]).toEqual([1, 'globex']);
    // A process that forgot a tenant, and serves the next, would keep its id.
    expect(other.vmId).not.toBe(vmId);
  });
});
