import { compileOptions } from '../config/compile-options.ts';
import type { UsageReceipt } from '../metrics/usage-receipt.ts';
import { ResourceTracker } from './resource-tracker.ts';
import { TenantUsageService } from './tenant-usage.service.ts';

const receipt: UsageReceipt = {
  ...new ResourceTracker(compileOptions({})).receipt(),
  wallMs: 10,
  queueMs: 1,
  cpuMs: 5,
  peakMemoryBytes: 100,
  apiCalls: 2,
  logBytes: 3,
};

describe('TenantUsageService', () => {
  it('adds up what a tenant uses, and keeps the highest peak', () => {
    const service = new TenantUsageService();
    service.add('acme', receipt, false);
    service.add('acme', { ...receipt, peakMemoryBytes: 300 }, true);
    service.add('acme', receipt, false);
    service.add('acme', receipt, false, 'compilations');
    service.add('globex', receipt, true);
    expect(service.of('acme')).toEqual({
      executions: 3,
      compilations: 1,
      errors: 1,
      wallMs: 40,
      queueMs: 4,
      cpuMs: 20,
      peakMemoryBytes: 300,
      apiCalls: 8,
      inputBytes: 0,
      resultBytes: 0,
      logBytes: 12,
    });
    expect(service.of('globex')).toMatchObject({ executions: 1, errors: 1 });
    expect([...service.all().keys()]).toEqual(['acme', 'globex']);
  });

  it.each(['nobody', '__proto__', 'constructor'])('has nothing of %p', (tenantId) => {
    expect(new TenantUsageService().of(tenantId)).toMatchObject({ executions: 0, cpuMs: 0 });
  });

  it('gives snapshots', () => {
    const service = new TenantUsageService();
    service.add('acme', receipt, false);
    const [before, all] = [service.of('acme'), service.all()];
    service.add('acme', receipt, false);
    expect([before.executions, all.get('acme')?.executions]).toEqual([1, 1]);
  });

  it('forgets first whose last execution is longest ago, so it stays small', () => {
    const service = new TenantUsageService();
    for (let tenant = 0; tenant < 10_000; tenant++) service.add(`t${tenant}`, receipt, false);
    service.add('t0', receipt, false);
    service.add('new', receipt, false);
    expect(service.all().size).toBe(10_000);
    expect([service.of('t0').executions, service.of('t1').executions]).toEqual([2, 0]);
  });
});
