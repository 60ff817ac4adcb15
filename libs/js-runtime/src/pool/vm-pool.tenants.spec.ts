import { Injectable } from '@nestjs/common';
import { startRuntime } from '../../test-support/start-runtime.ts';
import type { TenantBoundary } from '../config/tenant-policy.ts';
import { ProcessVmFactory } from './process-vm-factory.ts';
import type { PoolVm } from './vm-factory.ts';

/** Real VM processes that note whose scripts they were given: by process, and by isolate, which a reset replaces. */
@Injectable()
class NotingVmFactory extends ProcessVmFactory {
  static tenantsOfProcess = new Map<number, Set<string>>();
  static tenantsOfIsolate = new Map<string, Set<string>>();
  readonly #resets = new Map<PoolVm, number>();

  override async create(signal: AbortSignal): Promise<PoolVm> {
    const vm = await super.create(signal);
    const run = vm.run.bind(vm);
    vm.run = async (request) => {
      const { tenant } = JSON.parse(request.contextJson) as { tenant: { id: string } };
      note(NotingVmFactory.tenantsOfProcess, vm.pid, tenant.id);
      note(NotingVmFactory.tenantsOfIsolate, `${vm.id}, ${this.#resets.get(vm) ?? 0}`, tenant.id);
      return run(request);
    };
    return vm;
  }

  override async reset(vm: PoolVm, timeoutMs: number): Promise<void> {
    await super.reset(vm, timeoutMs);
    this.#resets.set(vm, (this.#resets.get(vm) ?? 0) + 1);
  }
}

function note<K>(notes: Map<K, Set<string>>, key: K, tenantId: string): void {
  const tenants = notes.get(key) ?? new Set<string>();
  notes.set(key, tenants.add(tenantId));
}

/** Runs scripts of five tenants on two VMs, all at once, and tells how many tenants a process, and an isolate, served at most. */
async function mostTenants(tenantBoundary: TenantBoundary): Promise<{ processes: number; isolates: number }> {
  NotingVmFactory.tenantsOfProcess.clear();
  NotingVmFactory.tenantsOfIsolate.clear();
  const runtime = await startRuntime({ poolSize: 2, maxVms: 3, tenantBoundary }, { vmFactory: NotingVmFactory });
  const tenants = ['a', 'b', 'c', 'd', 'e'];
  const order = Array.from({ length: 40 }, (_, index) => tenants[(index * 7 + (index >> 2)) % 5] as string);
  const values = await Promise.all(order.map(async (id) => (await runtime.runAs(id, 'context.tenant.id')).value));
  await runtime.close();
  expect(values).toEqual(order);
  return {
    processes: Math.max(...[...NotingVmFactory.tenantsOfProcess.values()].map(({ size }) => size)),
    isolates: Math.max(...[...NotingVmFactory.tenantsOfIsolate.values()].map(({ size }) => size)),
  };
}

describe('What serves one tenant', () => {
  it('is an isolate, with the boundary `isolate`: the process may serve several', async () => {
    const { processes, isolates } = await mostTenants('isolate');
    expect(isolates).toBe(1);
    // Whose turn it is on which VM depends on how long executions take.
    expect(processes).toBeGreaterThan(1);
  });

  it('is a process, with the boundary `process`', async () => {
    await expect(mostTenants('process')).resolves.toEqual({ processes: 1, isolates: 1 });
  });
});
