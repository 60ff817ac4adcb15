import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { useSpans } from '../../../test-support/collect-spans.ts';
import { EchoApi, HeldApi } from '../../../test-support/sample-apis.ts';
import { startRuntime, until, type TestRuntime } from '../../../test-support/start-runtime.ts';
import { AUDIT_SINK, type AuditSink, type DeniedCallRecord, type ExecutionRecord } from '../../audit/audit-sink.ts';
import { CONSOLE_SINK, type ConsoleRecord, type ConsoleSink } from '../../console-sink/console-sink.ts';
import { readCpuTimes } from '../../process/cpu-times.ts';
import { InvocationLine } from '../../process/invocation-line.ts';
import type { PlainAnswer } from '../../protocol/plain-answer.ts';
import type { ExecutionResult } from '../execution-result.ts';

@Injectable()
class KeepingSink implements AuditSink, ConsoleSink {
  readonly executions: ExecutionRecord[] = [];
  readonly denials: DeniedCallRecord[] = [];
  readonly logs: ConsoleRecord[] = [];

  executed(record: ExecutionRecord): void {
    this.executions.push(record);
  }

  denied(record: DeniedCallRecord): void {
    this.denials.push(record);
  }

  logged(record: ConsoleRecord): void {
    this.logs.push(record);
  }
}

type Answered = (this: InvocationLine, answer: PlainAnswer) => void;

const BODY = `
  if (input === 'log') console.log('logged');
  if (input === 'throw') throw new Error('thrown');
  if (input === 'denied') { try { await echo.dear(1); } catch {} }
  if (input === 'call') await echo.say(1);
  if (input === 'wait') await held.stubborn();
  if (input === 'hang') for (;;);
  return 1;`;

describe('What is told of invocations of warm realms', () => {
  const spans = useSpans();
  let runtime: TestRuntime;

  beforeEach(async () => {
    const extras = { auditSink: KeepingSink, consoleSink: KeepingSink };
    const options = {
      poolSize: 1,
      maxVms: 1,
      auditEnabled: true,
      permissions: ['echo:say', 'held:*'],
    };
    runtime = await startRuntime(options, extras, [EchoApi, HeldApi]);
  });

  afterEach(async () => runtime.close());

  const warm = async (input: unknown, executionId?: string, timeoutMs = 10_000): Promise<ExecutionResult> =>
    runtime.run(BODY, { realm: 'warm', wrap: 'function', input, executionId, limits: { timeoutMs } });
  const audited = (): string[] =>
    runtime.get<KeepingSink>(AUDIT_SINK).executions.map(({ executionId, outcome }) => `${executionId} ${outcome}`);

  it('is told once of each, whatever it comes to', async () => {
    await warm(0, 'first');
    await warm('log', 'log');
    await warm('call', 'call');
    await warm('denied', 'denied');
    await expect(warm('throw', 'throw')).rejects.toMatchObject({ code: 'SCRIPT_ERROR' });
    await expect(warm('hang', 'hang', 1000)).rejects.toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED' });
    expect(audited()).toEqual([
      'first OK',
      'log OK',
      'call OK',
      'denied OK',
      'throw SCRIPT_ERROR',
      'hang WALL_TIME_LIMIT_EXCEEDED',
    ]);
    const { denials } = runtime.get<KeepingSink>(AUDIT_SINK);
    expect(denials.map(({ executionId, api }) => [executionId, api])).toEqual([['denied', 'echo.dear']]);
    const { logs } = runtime.get<KeepingSink>(CONSOLE_SINK);
    expect(logs.map(({ executionId, entries }) => [executionId, entries.length])).toEqual([['log', 1]]);
    const { executions, executionsTotal, executionErrors, timeoutsTotal } = runtime.executions.metrics();
    expect({ executionsTotal, executionErrors, timeoutsTotal }).toEqual({
      executionsTotal: 6,
      executionErrors: 2,
      timeoutsTotal: 1,
    });
    expect(executions.outcomes).toEqual({ OK: 4, SCRIPT_ERROR: 1, WALL_TIME_LIMIT_EXCEEDED: 1 });
    expect(executions.wall.count).toBe(6);
    expect(runtime.usage.of('acme')).toMatchObject({ executions: 6 });
  });

  it('is told once of those that were asked back, and ran again', async () => {
    for (let n = 0; n < 60; n++) await warm(n, `before-${n}`);
    const waiting = warm('wait', 'wait');
    const call = await runtime.get(HeldApi).made(0);
    const behind = [1, 2, 3].map(async (n) => warm(n, `behind-${n}`));
    await until(() => runtime.pool.stats().warm.waiting > 0);
    call.answer.resolve(1);
    const results = await Promise.all([waiting, ...behind]);
    expect(audited().slice(60).sort()).toEqual(['behind-1 OK', 'behind-2 OK', 'behind-3 OK', 'wait OK']);
    expect(runtime.executions.metrics().executions.outcomes).toEqual({ OK: 64 });
    expect(results.map(({ usage }) => usage.apiCalls)).toEqual([1, 0, 0, 0]);
  });

  it('has all CPU time in the sums of its tenant, whatever the VM says of single ones', async () => {
    const work = 'let n = 0; while (n < 2_000_000) n++; return 1;';
    const run = async (): Promise<ExecutionResult> => runtime.run(work, { realm: 'warm', wrap: 'function' });
    const { vmId } = await run();
    const isBack = (): boolean => runtime.pool.stats().available === 1;
    await until(isBack);
    const { pid = 0 } = runtime.pool.vms().find(({ id }) => id === vmId) ?? {};
    const ranMs = (): number => readCpuTimes(pid)?.ranMs ?? 0;
    const { value } = Object.getOwnPropertyDescriptor(InvocationLine.prototype, 'answered') as { value: Answered };
    const answered = jest.spyOn(InvocationLine.prototype, 'answered').mockImplementation(function (
      this: InvocationLine,
      answer,
    ) {
      value.call(this, { ...answer, cpuMs: 0 });
    });
    try {
      const [before, ranBefore] = [runtime.usage.of('acme').cpuMs, ranMs()];
      for (let n = 0; n < 100; n++) expect((await run()).usage.cpuMs).toBe(0);
      await until(isBack);
      const [used, ran] = [runtime.usage.of('acme').cpuMs - before, ranMs() - ranBefore];
      expect(ran).toBeGreaterThan(50);
      expect(used).toBeGreaterThan(0.5 * ran);
      expect(used).toBeLessThan(2 * ran);
    } finally {
      answered.mockRestore();
    }
  });

  it('have the memory of their VM, as it was last seen', async () => {
    const module = 'const kept = new Array(2_000_000).fill(0.5); export default () => kept.length;';
    const run = async (): Promise<ExecutionResult> => runtime.run(module, { realm: 'warm', wrap: 'module' });
    for (let n = 0; n < 3; n++) expect((await run()).usage.peakMemoryBytes).toBeGreaterThan(15e6);
    // Of a first one it is known what it had itself.
    expect((await warm(0)).usage.peakMemoryBytes).toBeLessThan(15e6);
    expect((await warm(0)).usage.peakMemoryBytes).toBeGreaterThan(15e6);
    // Another tenant has the same process, and nothing of that.
    const another = await runtime.runAs('globex', 'return 1', { realm: 'warm', wrap: 'function' });
    const again = await runtime.runAs('globex', 'return 1', { realm: 'warm', wrap: 'function' });
    expect([another.vmId, again.vmId]).toEqual(['vm-1', 'vm-1']);
    expect(again.usage.peakMemoryBytes).toBeLessThan(15e6);
  });

  it('are spans as of others', async () => {
    await warm('call');
    expect(spans.tree).toEqual([
      'execute OK',
      '  queue OK',
      '  vm.compile OK',
      '  vm.run OK',
      '  api_call echo.say OK',
    ]);
    spans.clear();
    const { vmId } = await warm('call');
    expect(spans.tree).toEqual(['execute OK', '  queue OK', '  vm.run OK', '  api_call echo.say OK']);
    expect(spans.only('js_runtime.execute').attributes).toMatchObject({
      'js_runtime.vm.id': vmId,
      'js_runtime.code': 'hit',
      'js_runtime.api_calls': 1,
    });
  });
});
