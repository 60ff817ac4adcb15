import { Injectable, Scope } from '@nestjs/common';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { z } from 'zod';
import { useSpans } from '../../test-support/collect-spans.ts';
import { EchoApi, HeldApi } from '../../test-support/sample-apis.ts';
import { runtimeErrorOf, startRuntime, type TestRuntime } from '../../test-support/start-runtime.ts';
import { ScriptApiError } from '../host-api/script-api-error.ts';
import { ScriptApi } from '../host-api/script-api.decorator.ts';
import { ScriptMethod } from '../host-api/script-method.decorator.ts';
import { ProcessVmFactory } from '../pool/process-vm-factory.ts';
import type { PoolVm } from '../pool/vm-factory.ts';
import { MAX_PART_SPANS } from './operation-trace.ts';

const FUNCTION = { wrap: 'function' } as const;
const SECRET = 'what-no-span-may-have';

function work(name: string): void {
  trace.getTracer('app').startSpan(name).end();
}

/** Traces what it does itself, as a database's driver would. */
@ScriptApi('orders')
@Injectable()
class OrdersApi {
  @ScriptMethod({ input: z.string() })
  async load(what: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    work(what);
  }

  @ScriptMethod({ input: z.unknown() })
  broken(): never {
    throw new Error(SECRET);
  }

  @ScriptMethod({ input: z.unknown() })
  refuse(): never {
    throw new ScriptApiError('ORDER_NOT_FOUND', SECRET, { secret: SECRET });
  }
}

@ScriptApi('scoped')
@Injectable({ scope: Scope.REQUEST })
class ScopedApi {
  constructor() {
    work('construct');
  }

  @ScriptMethod()
  count(): void {
    work('count');
  }
}

/** Its VMs are in other hands: they call what there is not. */
@Injectable()
class HijackedVmFactory extends ProcessVmFactory {
  override async create(signal: AbortSignal): Promise<PoolVm> {
    const vm = await super.create(signal);
    const run = vm.run.bind(vm);
    return Object.assign(vm, {
      run: async (request: Parameters<PoolVm['run']>[0]) => {
        for (let n = 0; n < 1000; n++) {
          const call = { api: `made.up${n}`, argumentsJson: '[]', answer: () => undefined };
          expect(() => {
            request.calls?.onCall(call);
          }).toThrow('a call of an API that does not exist');
        }
        return run(request);
      },
    });
  }
}

describe('The span of a call', () => {
  const spans = useSpans();
  let runtime: TestRuntime;

  beforeAll(async () => {
    const options = { permissions: ['*', '!secrets:read'], poolSize: 1, maxVms: 1 };
    runtime = await startRuntime(options, {}, [EchoApi, HeldApi, OrdersApi, ScopedApi]);
  });

  afterAll(async () => runtime.close());

  const calls = (): readonly string[] => spans.tree.filter((line) => !/vm\.|queue|execute/.test(line));

  it('is active where the method runs, also when calls are under way together', async () => {
    await runtime.run('await Promise.all([orders.load("a"), orders.load("b"), echo.say(1)])', FUNCTION);
    expect(calls()).toEqual([
      '  api_call orders.load OK',
      '    a',
      '  api_call orders.load OK',
      '    b',
      '  api_call echo.say OK',
    ]);
  });

  it('is active where the instance of a request-scoped provider is made, and used', async () => {
    await runtime.run('await scoped.count(); await scoped.count()', FUNCTION);
    expect(calls()).toEqual([
      '  api_call scoped.count OK',
      '    construct',
      '    count',
      '  api_call scoped.count OK',
      '    count',
    ]);
  });

  it('is of its own execution when several call at the same time', async () => {
    const script = 'for (let n = 0; n < 10; n++) await orders.load(context.tenant.id)';
    await Promise.all(['acme', 'globex'].map(async (tenant) => runtime.runAs(tenant, script, FUNCTION)));
    for (const execution of spans.named('js_runtime.execute')) {
      const { traceId } = execution.spanContext();
      const names = spans.all.filter((span) => span.spanContext().traceId === traceId).map(({ name }) => name);
      const tenant = String(execution.attributes['js_runtime.tenant.id']);
      expect(names.filter((name) => !name.startsWith('js_runtime.'))).toEqual(Array.from({ length: 10 }, () => tenant));
    }
  });

  it.each([
    ['echo.secret', 'PERMISSION_DENIED', SpanStatusCode.UNSET],
    ['orders.load', 'API_CALL_INVALID', SpanStatusCode.UNSET],
    ['orders.refuse', 'API_ERROR', SpanStatusCode.UNSET],
    ['orders.broken', 'API_CALL_FAILED', SpanStatusCode.ERROR],
    ['held.slow', 'API_CALL_TIMED_OUT', SpanStatusCode.ERROR],
  ])('of %s says that it came to %s', async (api, outcome, status) => {
    await runtime.run(`await ${api}().catch(() => {})`, FUNCTION);
    expect(calls()).toEqual([`  api_call ${api} ${outcome}`]);
    const span = spans.only('js_runtime.api_call');
    expect(span.status).toEqual({ code: status });
    expect(span.attributes['error.type']).toBe(status === SpanStatusCode.ERROR ? outcome : undefined);
    expect(spans.tree[0]).toBe('execute OK');
  });

  it('ends with the execution, whatever the method still does', async () => {
    const held = runtime.get(HeldApi);
    const made = held.calls.length;
    const execution = runtimeErrorOf(runtime.run('await held.stubborn()', { ...FUNCTION, executionId: 'mine' }));
    const { answer } = await held.made(made);
    runtime.executions.cancel('mine');
    await execution;
    expect(calls()).toEqual(['  api_call held.stubborn CANCELLED']);
    answer.resolve(1);
    await answer.promise;
    expect(calls()).toEqual(['  api_call held.stubborn CANCELLED']);
  });

  it('that gives up as it is told to is cancelled, and no failure', async () => {
    const held = runtime.get(HeldApi);
    const made = held.calls.length;
    const execution = runtime.run('held.obedient(); await echo.say(1)', FUNCTION);
    await held.made(made);
    await execution;
    expect(calls()).toEqual(['  api_call held.obedient CANCELLED', '  api_call echo.say OK']);
  });

  it('is there for so many calls of an execution only, and the rest is counted', async () => {
    const script = 'for (let n = 0; n < 200; n++) await orders.load("mine")';
    await runtime.run(script, FUNCTION);
    const apiCalls = spans.named('js_runtime.api_call');
    const { attributes } = spans.only('js_runtime.execute');
    // Compiling the script took one.
    expect(apiCalls).toHaveLength(MAX_PART_SPANS - 1);
    expect(attributes['js_runtime.spans_left_out']).toBe(200 - apiCalls.length);
    expect(attributes['js_runtime.api_calls']).toBe(200);
    expect(spans.named('mine')).toHaveLength(200);
    expect(spans.tree.filter((line) => line === '  mine')).toHaveLength(200 - apiCalls.length);
  });

  it('has nothing of what the script, its input, its result, its log or an error says', async () => {
    const script = `
      console.log('${SECRET}');
      await orders.load('${SECRET}!').catch(() => {});
      await orders.refuse({ ${JSON.stringify(SECRET)}: 1 }).catch(() => {});
      await orders.broken('${SECRET}').catch(() => {});
      if (input.fails) throw new Error('${SECRET}');
      return '${SECRET}';`;
    await runtime.run(script, { ...FUNCTION, input: { fails: false, SECRET } });
    await runtimeErrorOf(runtime.run(script, { ...FUNCTION, input: { fails: true, SECRET } }));
    await runtimeErrorOf(runtime.run(`${SECRET} +`));
    const seen = spans.all
      .filter(({ name }) => name.startsWith('js_runtime.'))
      .map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status }));
    expect(seen.length).toBeGreaterThan(10);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });

  it('has text in bounds, and no half of a character', async () => {
    const name = `${'x'.repeat(127)}\u{1f600}${'y'.repeat(100)}`;
    await runtime.runAs('\ud800'.repeat(1000), '1', { name });
    const { attributes } = spans.only('js_runtime.execute');
    expect(attributes['js_runtime.script.name']).toBe(`${'x'.repeat(127)}\ufffd`);
    expect(attributes['js_runtime.tenant.id']).toBe('\ufffd'.repeat(128));
  });
});

describe('A VM that makes names up', () => {
  const spans = useSpans();
  let runtime: TestRuntime;

  beforeAll(async () => {
    runtime = await startRuntime({ poolSize: 1 }, { vmFactory: HijackedVmFactory }, [EchoApi]);
  });

  afterAll(async () => runtime.close());

  it('makes no spans', async () => {
    await runtime.run('1');
    expect(spans.tree).toEqual(['execute OK', '  queue OK', '  vm.compile OK', '  vm.run OK']);
  });
});
