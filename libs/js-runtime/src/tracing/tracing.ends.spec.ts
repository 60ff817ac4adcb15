import { SpanStatusCode } from '@opentelemetry/api';
import { useSpans, type CollectedSpans } from '../../test-support/collect-spans.ts';
import { HeldApi } from '../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { SetupFn } from '../bridge/setup-scope.ts';
import type { ExecuteOptions } from '../execution/execute-options.ts';

const FUNCTION = { wrap: 'function' } as const;
const RAN = ['  queue OK', '  vm.compile OK'];

function statusOf(spans: CollectedSpans): unknown {
  const { status, attributes } = spans.only('js_runtime.execute');
  return [status.code, attributes['error.type']];
}

describe('The spans of an execution that fails', () => {
  const spans = useSpans();
  let runtime: TestRuntime;
  let held: HeldApi;

  beforeEach(async () => {
    const options = { permissions: ['held:*'], poolSize: 1, maxVms: 1, maxMemoryMb: 16, drainTimeoutMs: 100 };
    runtime = await startRuntime(options, {}, [HeldApi]);
    held = runtime.get(HeldApi);
  });

  afterEach(async () => runtime.close());

  const withSetup = async (script: string, setup: SetupFn): Promise<unknown> =>
    runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.executions.executeWithSetup(script, setup, FUNCTION).catch((error: unknown) => error),
    );

  /** What a script does wrong, its author is told: nothing for an operator to be woken by. */
  it.each<[how: string, script: string, options: ExecuteOptions, tree: readonly string[]]>([
    ['for a name that is none', '1', { name: '' }, ['execute INVALID_REQUEST']],
    ['for its input', '1', { input: 'x'.repeat(2e6) }, ['execute INPUT_TOO_LARGE']],
    ['for its source', '1 +', {}, ['execute COMPILATION_FAILED', '  queue OK', '  vm.compile COMPILATION_FAILED']],
    ['because it throws', 'throw new Error("mine")', {}, ['execute SCRIPT_ERROR', ...RAN, '  vm.run SCRIPT_ERROR']],
    ['for its result', '() => 1', {}, ['execute RESULT_NOT_SERIALIZABLE', ...RAN, '  vm.run RESULT_NOT_SERIALIZABLE']],
    [
      'at its deadline',
      'for (;;);',
      { limits: { timeoutMs: 1000 } },
      ['execute WALL_TIME_LIMIT_EXCEEDED', ...RAN, '  vm.run WALL_TIME_LIMIT_EXCEEDED'],
    ],
    [
      'when it has used up its CPU time',
      'for (;;);',
      { limits: { maxCpuMs: 300 } },
      ['execute CPU_TIME_LIMIT_EXCEEDED', ...RAN, '  vm.run CPU_TIME_LIMIT_EXCEEDED'],
    ],
    [
      'for its memory',
      'const a = []; for (;;) a.push(new Array(1e5).fill(1));',
      {},
      ['execute MEMORY_LIMIT_EXCEEDED', ...RAN, '  vm.run MEMORY_LIMIT_EXCEEDED'],
    ],
  ])('%s all end, and are no errors', async (_, script, options, tree) => {
    await runtimeErrorOf(runtime.run(script, options));
    expect(spans.tree).toEqual(tree);
    expect(statusOf(spans)).toEqual([SpanStatusCode.UNSET, undefined]);
  });

  it('without a tenant end, and are errors', async () => {
    await runtimeErrorOf(runtime.executions.execute('1'));
    expect(spans.tree).toEqual(['execute TENANT_CONTEXT_MISSING']);
    expect(statusOf(spans)).toEqual([SpanStatusCode.ERROR, 'TENANT_CONTEXT_MISSING']);
  });

  it('by what a setup function throws end, and are errors', async () => {
    await withSetup('1', () => {
      throw new Error('no');
    });
    expect(spans.tree).toEqual(['execute INTERNAL_ERROR', ...RAN]);
    expect(statusOf(spans)).toEqual([SpanStatusCode.ERROR, 'INTERNAL_ERROR']);
  });

  it('whose VM dies end, the calls too, and are errors', async () => {
    let pid = 0;
    const execution = withSetup('await cart.total()', (scope, vm) => {
      ({ pid } = vm);
      scope.expose('cart.total', async () => {
        process.kill(pid, 'SIGKILL');
        return new Promise(() => undefined);
      });
    });
    await execution;
    expect(spans.tree).toEqual([
      'execute VM_CRASHED',
      ...RAN,
      '  vm.run VM_CRASHED',
      '  api_call cart.total CANCELLED',
    ]);
    expect(statusOf(spans)).toEqual([SpanStatusCode.ERROR, 'VM_CRASHED']);
  });

  it('that wait or are refused end', async () => {
    const running = runtime.run('await held.stubborn()', { ...FUNCTION, executionId: 'running' });
    await held.made();
    spans.clear();
    const waiting = runtimeErrorOf(runtime.run('1', { executionId: 'waiting' }));
    await until(() => runtime.pool.stats().waiting === 1);
    await runtimeErrorOf(runtime.run('2', { executionId: 'waiting' }));
    expect(spans.tree).toEqual(['execute INVALID_REQUEST']);
    runtime.executions.cancel('waiting');
    await waiting;
    expect(spans.tree).toEqual(['execute CANCELLED', '  queue CANCELLED', 'execute INVALID_REQUEST']);
    const late = runtimeErrorOf(runtime.run('3', { limits: { timeoutMs: 50 } }));
    expect((await late).code).toBe('POOL_EXHAUSTED');
    expect(spans.tree.slice(-2)).toEqual(['execute POOL_EXHAUSTED', '  queue POOL_EXHAUSTED']);
    expect(spans.all.at(-1)?.status.code).toBe(SpanStatusCode.ERROR);
    held.calls[0]?.answer.resolve(1);
    await running;
  });

  it('while the runtime shuts down end: those that run too long, that wait, and that come too late', async () => {
    const running = runtimeErrorOf(runtime.run('await held.stubborn()', FUNCTION));
    await held.made();
    const waiting = runtimeErrorOf(runtime.run('1'));
    await until(() => runtime.pool.stats().waiting === 1);
    const drained = runtime.pool.drain();
    const late = runtimeErrorOf(runtime.run('2'));
    await Promise.all([running, waiting, drained, late]);
    expect(spans.tree).toEqual([
      'execute SHUTTING_DOWN',
      ...RAN,
      '  vm.run SHUTTING_DOWN',
      '  api_call held.stubborn CANCELLED',
      'execute SHUTTING_DOWN',
      '  queue SHUTTING_DOWN',
      'execute SHUTTING_DOWN',
      '  queue SHUTTING_DOWN',
    ]);
  });
});
