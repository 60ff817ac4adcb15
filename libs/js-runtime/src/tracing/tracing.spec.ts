import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { useSpans } from '../../test-support/collect-spans.ts';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { ModuleRequest, ModuleResolver, ModuleSource } from '../compiler/module-resolver.ts';

const FUNCTION = { wrap: 'function' } as const;

class Modules implements ModuleResolver {
  async resolve({ specifier }: ModuleRequest): Promise<ModuleSource> {
    await Promise.resolve();
    trace.getTracer('app').startSpan('find').end();
    return { name: specifier.slice(2), source: 'export const one = 1;' };
  }
}

describe('The spans of an execution', () => {
  const spans = useSpans();
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ permissions: ['echo:*'], poolSize: 1 }, { moduleResolver: Modules }, [EchoApi]);
  });

  afterAll(async () => runtime.close());

  it('are of the wait for a VM, of what it compiles and runs, and of calls', async () => {
    await runtime.run('return [await echo.say(1), await echo.dear(2)]', FUNCTION);
    expect(spans.tree).toEqual([
      'execute OK',
      '  queue OK',
      '  vm.compile OK',
      '  vm.run OK',
      '  api_call echo.say OK',
      '  api_call echo.dear OK',
    ]);
  });

  it('have no compilation where the code was there', async () => {
    await runtime.run('1 + 1');
    spans.clear();
    await runtime.run('1 + 1');
    expect(spans.tree).toEqual(['execute OK', '  queue OK', '  vm.run OK']);
  });

  it('say who ran what, and what it took', async () => {
    const script = runtime.compiler.describe('acme', 'a.js', '40 + 2', {}, { maxSourceBytes: 10 });
    const { usage, vmId } = await runtime.run('40 + 2', { name: 'a.js', executionId: 'mine' });
    const span = spans.only('js_runtime.execute');
    expect(span.attributes).toEqual({
      'js_runtime.execution.id': 'mine',
      'js_runtime.tenant.id': 'acme',
      'js_runtime.script.name': 'a.js',
      'js_runtime.script.source_hash': script.sourceHash,
      'js_runtime.vm.id': vmId,
      'js_runtime.cpu_ms': usage.cpuMs,
      'js_runtime.queue_ms': usage.queueMs,
      'js_runtime.peak_memory_bytes': usage.peakMemoryBytes,
      'js_runtime.api_calls': 0,
      'js_runtime.code': 'miss',
      'js_runtime.outcome': 'OK',
    });
    expect(span.kind).toBe(SpanKind.INTERNAL);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(spans.only('js_runtime.vm.compile').attributes).toMatchObject({
      'js_runtime.script.name': 'a.js',
      'js_runtime.script.source_hash': script.sourceHash,
    });
  });

  it('are of the tracer of this package, in its version', async () => {
    await runtime.run('1');
    const { name, version } = spans.only('js_runtime.execute').instrumentationScope;
    expect([name, version]).toEqual(['nestjs-js-runtime', expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  });

  it('are children of the span that is active where it is executed', async () => {
    const outer = trace.getTracer('app').startSpan('request');
    await context.with(trace.setSpan(context.active(), outer), async () => runtime.run('2'));
    outer.end();
    expect(spans.tree).toEqual(['request', '  execute OK', '    queue OK', '    vm.compile OK', '    vm.run OK']);
  });

  it('are the parents of what the application traces in a setup function, and have its functions by name', async () => {
    await runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.executions.executeWithSetup(
        'return await cart.total()',
        async (scope) => {
          await Promise.resolve();
          trace.getTracer('app').startSpan('load').end();
          scope.expose('cart.total', () => 3);
        },
        FUNCTION,
      ),
    );
    expect(spans.tree).toEqual([
      'execute OK',
      '  queue OK',
      '  vm.compile OK',
      '  load',
      '  vm.run OK',
      '  api_call cart.total OK',
    ]);
  });

  it('are of each module that is compiled', async () => {
    const source = 'import { one } from "./one.js"; export default one;';
    await runtime.run(source, { wrap: 'module' });
    expect(spans.tree).toEqual([
      'execute OK',
      '  queue OK',
      '  vm.compile OK',
      '  find',
      '  vm.compile OK',
      '  vm.run OK',
    ]);
    const names = spans.named('js_runtime.vm.compile').map(({ attributes }) => attributes['js_runtime.script.name']);
    expect(names).toEqual(['script.js', 'one.js']);
  });

  it('do not mix when two tenants execute at the same time', async () => {
    const script = 'for (let n = 0; n < 10; n++) await echo.say(n)';
    await Promise.all(['acme', 'globex', 'initech'].map(async (tenant) => runtime.runAs(tenant, script, FUNCTION)));
    const executions = spans.named('js_runtime.execute');
    const parents = spans.named('js_runtime.api_call').map(({ parentSpanContext }) => parentSpanContext?.spanId);
    const counts = executions.map((span) => parents.filter((id) => id === span.spanContext().spanId).length);
    expect(counts).toEqual([10, 10, 10]);
    expect(new Set(executions.map((span) => span.spanContext().traceId)).size).toBe(3);
  });
});

describe('The spans of a compilation', () => {
  const spans = useSpans();
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 }, { moduleResolver: Modules });
  });

  afterAll(async () => runtime.close());

  const compile = async (source: string, wrap: 'module' | 'script' = 'script'): Promise<unknown> =>
    runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.compiler.compile('a.js', source, { wrap }).catch((error: unknown) => error),
    );

  it('are of the wait for a VM, and of what it does', async () => {
    await compile('1');
    expect(spans.tree).toEqual(['compile OK', '  queue OK', '  vm.compile OK']);
    expect(spans.only('js_runtime.compile').attributes).toMatchObject({
      'js_runtime.tenant.id': 'acme',
      'js_runtime.script.name': 'a.js',
      'js_runtime.code': 'miss',
    });
  });

  it('are of modules that are linked, too', async () => {
    await compile('import { one } from "./one.js"; export default one;', 'module');
    expect(spans.tree).toEqual([
      'compile OK',
      '  queue OK',
      '  vm.compile OK',
      '  find',
      '  vm.compile OK',
      '  vm.link OK',
    ]);
  });

  it.each([
    ['is not JavaScript', '1 +', 'vm.compile'],
    ['imports what is not exported', 'import { two } from "./one.js"; export default two;', 'vm.link'],
  ])('say where a source fails that %s', async (_, source, where) => {
    await compile(source, where === 'vm.link' ? 'module' : 'script');
    expect(spans.tree[0]).toBe('compile COMPILATION_FAILED');
    expect(spans.tree.at(-1)).toBe(`  ${where} COMPILATION_FAILED`);
  });
});
