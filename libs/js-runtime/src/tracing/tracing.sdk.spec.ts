import {
  context,
  diag,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  trace,
  type Context,
  type ContextManager,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { ParentBasedSampler, SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { CollectedSpans, removeSdk, useSpans } from '../../test-support/collect-spans.ts';
import { EchoApi } from '../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { startOperation } from './start-operation.ts';

const { jest } = import.meta;
const SCRIPT = 'console.log(1); return [await echo.say(1), await echo.say(2)]';
const FUNCTION = { wrap: 'function' } as const;
const TREE = [
  'execute OK',
  '  queue OK',
  '  vm.compile OK',
  '  vm.run OK',
  ...['  api_call echo.say OK', '  api_call echo.say OK'],
];

describe('Tracing', () => {
  let runtime: TestRuntime;
  let echo: EchoApi;

  beforeEach(async () => {
    runtime = await startRuntime({ permissions: ['echo:*'], poolSize: 1 }, {}, [EchoApi]);
    echo = runtime.get(EchoApi);
  });

  afterEach(async () => {
    removeSdk();
    diag.disable();
    await runtime.close();
  });

  it('without an SDK makes nothing at all', async () => {
    expect(startOperation('js_runtime.execute', { executionId: 'mine', tenantId: 'acme' })).toBeUndefined();
    expect(await runtime.valueOf(SCRIPT, FUNCTION)).toEqual([1, 2]);
    expect(await runtime.errorOf('throw 1')).toMatchObject({ code: 'SCRIPT_ERROR' });
  });

  it('begins when an SDK is set up later', async () => {
    await runtime.run('1');
    const spans = new CollectedSpans();
    spans.install();
    await runtime.run(SCRIPT, FUNCTION);
    expect(spans.tree).toEqual(TREE);
  });

  it('has the same spans without a context manager', async () => {
    const spans = new CollectedSpans();
    trace.setGlobalTracerProvider(spans.provider);
    await runtime.run(SCRIPT, FUNCTION);
    expect(spans.tree).toEqual(TREE);
  });

  /** Each does what it can do worst. */
  const fail = (): never => {
    throw new Error('the SDK is broken');
  };
  const brokenSpan = new Proxy({} as Span, {
    get: (_, name) => {
      if (name === 'isRecording') return () => true;
      if (name === 'spanContext') return () => INVALID_SPAN_CONTEXT;
      return fail;
    },
  });
  const tracerOf = (startSpan: Tracer['startSpan']): Tracer => ({ startSpan, startActiveSpan: fail });
  const contextManager = (broken: Partial<ContextManager>): ContextManager => {
    const manager: ContextManager = {
      active: () => ROOT_CONTEXT,
      with: (_, work, thisArg, ...args) => work.apply(thisArg, args),
      bind: (_, target) => target,
      enable: () => manager,
      disable: () => manager,
      ...broken,
    };
    return manager;
  };

  it.each<[how: string, tracer: Tracer | undefined, contexts: Partial<ContextManager>]>([
    ['gives no tracer', undefined, {}],
    ['starts no span', tracerOf(fail), {}],
    ['starts spans that fail', tracerOf(() => brokenSpan), {}],
    ['starts what is no span', tracerOf(() => undefined as unknown as Span), {}],
    ['does not know the active context', tracerOf(() => brokenSpan), { active: fail }],
    ['runs nothing in a context', tracerOf(() => brokenSpan), { with: fail }],
    [
      'fails after it has run something in a context',
      tracerOf(() => brokenSpan),
      {
        with: (_: Context, work, thisArg, ...args) => {
          work.apply(thisArg, args);
          return fail();
        },
      },
    ],
  ])('fails no execution when an SDK %s, and tells who set it up', async (_, tracer, contexts) => {
    const error = jest.fn();
    diag.setLogger({ error, warn: fail, info: fail, debug: () => undefined, verbose: () => undefined });
    context.setGlobalContextManager(contextManager(contexts));
    trace.setGlobalTracerProvider({ getTracer: () => tracer ?? fail() });
    expect(await runtime.valueOf(SCRIPT, FUNCTION)).toEqual([1, 2]);
    expect(echo.calls).toBe(2);
    expect(error).toHaveBeenCalledWith('nestjs-js-runtime: tracing has failed', expect.any(String));
    expect(await runtime.errorOf('throw new Error("mine")')).toMatchObject({ code: 'SCRIPT_ERROR' });
  });

  it('fails no execution when the logger of the SDK fails, too', async () => {
    diag.setLogger({ error: fail, warn: fail, info: fail, debug: () => undefined, verbose: () => undefined });
    trace.setGlobalTracerProvider({ getTracer: fail });
    expect(await runtime.valueOf(SCRIPT, FUNCTION)).toEqual([1, 2]);
  });
});

describe('An execution that is not sampled', () => {
  const spans = useSpans(
    new ParentBasedSampler({
      root: {
        shouldSample: (_context, _traceId, name) => ({
          decision: name === 'js_runtime.execute' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
        }),
      },
    }),
  );

  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 });
  });

  afterAll(async () => runtime.close());

  it('has no spans, and what is traced in its calls belongs to it', async () => {
    const seen: unknown[] = [];
    const execution = runtime.tenancy.runAs({ tenant: { id: 'acme' } }, async () =>
      runtime.executions.executeWithSetup(
        'await cart.total(); throw new Error("mine")',
        (scope) => {
          seen.push(trace.getActiveSpan()?.spanContext());
          scope.expose('cart.total', () => {
            seen.push(trace.getActiveSpan()?.spanContext());
            trace.getTracer('app').startSpan('load').end();
          });
        },
        FUNCTION,
      ),
    );
    expect(await runtimeErrorOf(execution)).toMatchObject({ code: 'SCRIPT_ERROR' });
    expect(spans.tree).toEqual([]);
    expect(seen).toEqual([seen[0], seen[0]]);
    expect(seen[0]).toMatchObject({ traceFlags: 0 });
  });
});
