import { Injectable } from '@nestjs/common';
import { startRuntime, until, type TestRuntime } from '../../test-support/start-runtime.ts';
import type { AuditSink } from '../audit/audit-sink.ts';
import type { TenantOptionsService } from '../config/tenant-policy.ts';
import { JsRuntimeHealthIndicator } from './js-runtime.health.ts';
import { ScriptCheck } from './script-check.ts';

const { jest } = import.meta;

/** Knows all its tenants, and says so loudly when it is asked about another. */
@Injectable()
class OnlyAcme implements TenantOptionsService {
  optionsOf(tenantId: string): undefined {
    if (tenantId !== 'acme') throw new Error(`who is ${tenantId}?`);
  }
}

const audited: unknown[] = [];

@Injectable()
class Audited implements AuditSink {
  executed(record: unknown): void {
    audited.push(record);
  }

  denied(): void {
    throw new Error('nothing is called');
  }
}

describe('A script that is run for its health', () => {
  let runtime: TestRuntime;
  let check: ScriptCheck;

  beforeEach(async () => {
    audited.length = 0;
    runtime = await startRuntime(
      { poolSize: 1, maxVms: 1, auditEnabled: true },
      { tenantOptions: OnlyAcme, auditSink: Audited },
    );
    check = runtime.get(ScriptCheck);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await runtime.close();
  });

  const leases = (): number => runtime.pool.stats().waits.count;

  it('is really run, in a VM of nobody else, and counts as no execution of anybody', async () => {
    await expect(check.run()).resolves.toEqual({ problem: undefined, tookMs: expect.any(Number) });
    expect(leases()).toBe(1);
    expect(runtime.pool.vms()).toMatchObject([{ tenantId: '(health)', useCount: 1 }]);
    expect(runtime.executions.metrics()).toMatchObject({ executionsTotal: 0, compilationCache: { misses: 0 } });
    expect(runtime.usage.all().size).toBe(0);
    expect(audited).toEqual([]);
  });

  it('leaves the VM fit for everybody', async () => {
    await runtime.run('1');
    await check.run();
    await expect(runtime.valueOf('context.tenant.id')).resolves.toBe('acme');
    expect(runtime.pool.stats().destroyed).toBe(0);
  });

  it('is run once, however many ask, and once a second', async () => {
    const now = jest.spyOn(performance, 'now');
    const answers = await Promise.all(Array.from({ length: 50 }, async () => check.run()));
    expect(new Set(answers).size).toBe(1);
    await check.run();
    expect(leases()).toBe(1);
    const later = performance.now() + 1001;
    now.mockReturnValue(later);
    const again = check.run();
    now.mockRestore();
    await again;
    expect(leases()).toBe(2);
  });

  it('waits for its turn, and says when there is none', async () => {
    const running = runtime.errorOf('new Promise(() => {})', { executionId: 'endless' });
    await until(() => runtime.pool.stats().inUse === 1);
    await expect(check.run()).resolves.toMatchObject({ problem: 'no VM: POOL_EXHAUSTED' });
    runtime.executions.cancel('endless');
    await running;
  });

  it('ends a VM in which it comes to something else', async () => {
    const [vm] = runtime.pool.vms();
    const run = jest.spyOn(runtime.pool, 'withVm').mockImplementationOnce(async (use, options) => {
      run.mockRestore();
      return runtime.pool.withVm(async (lease) => {
        jest.spyOn(lease.vm, 'run').mockResolvedValueOnce({ outcome: { kind: 'value' }, resultJson: '41' } as never);
        return use(lease);
      }, options);
    });
    await expect(check.run()).resolves.toMatchObject({ problem: 'the script came to another result than it should' });
    await until(() => runtime.pool.stats().destroyedBy.unhealthy === 1 && runtime.pool.stats().available === 1);
    expect(runtime.pool.vms().map(({ id }) => id)).not.toContain(vm?.id);
  });

  it('tells Terminus', async () => {
    const health = runtime.get(JsRuntimeHealthIndicator);
    await expect(health.runsScripts()).resolves.toMatchObject({
      jsRuntime: { status: 'up', load: { level: 'normal' } },
    });
    await runtime.close();
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 1001);
    await expect(health.runsScripts('scripts')).resolves.toMatchObject({
      scripts: { status: 'down', message: 'no VM: SHUTTING_DOWN' },
    });
  });
});
