import { RETIRE_REASONS } from 'nestjs-js-runtime';
import { byLabel, counter, gauge, histogram, zeros, type Family } from '../family.ts';

const BREAKER_STATES = ['closed', 'half-open', 'open'];
/** What a lease may be refused with. */
const REFUSALS = ['TENANT_BUSY', 'POOL_EXHAUSTED', 'OVERLOADED', 'CANCELLED', 'SHUTTING_DOWN'];

export const POOL: readonly Family[] = [
  byLabel('gauge', 'js_runtime_pool_vms', 'VM processes by state', 'state', ({ runtime: { pool } }) => ({
    idle: pool.available,
    recycling: pool.recycling,
    leased: pool.inUse,
    ending: pool.ending,
    starting: pool.starting,
  })),
  gauge('js_runtime_pool_size', 'VMs that are kept ready', ({ config }) => config.poolSize),
  gauge('js_runtime_pool_max_vms', 'VMs at most', ({ config }) => config.maxVms),
  gauge('js_runtime_pool_waiting', 'Callers that wait for a VM', ({ runtime }) => runtime.pool.waiting),
  gauge('js_runtime_pool_overflow', 'VMs beyond the size of the pool', ({ runtime }) => runtime.pool.overflow),
  gauge('js_runtime_pool_accepting', '1, and 0 once it drains', ({ runtime }) => Number(runtime.pool.accepting)),
  byLabel(
    'gauge',
    'js_runtime_pool_breaker',
    '1 for the state of the breaker: open while starts of VMs fail',
    'state',
    ({ runtime }) => ({ ...zeros(BREAKER_STATES), [runtime.pool.breaker]: 1 }),
  ),
  counter('js_runtime_pool_vms_created_total', 'VMs that became ready', ({ runtime }) => runtime.pool.created),
  byLabel(
    'counter',
    'js_runtime_pool_vms_destroyed_total',
    'VMs that have ended after they were ready, by reason',
    'reason',
    ({ runtime }) => ({ ...zeros(RETIRE_REASONS), ...runtime.pool.destroyedBy }),
  ),
  counter('js_runtime_pool_vm_start_errors_total', 'Starts that failed', ({ runtime }) => runtime.pool.errors),
  histogram('js_runtime_pool_lease_wait_seconds', 'What leases were waited for', ({ runtime }) => runtime.pool.waits),
  byLabel(
    'counter',
    'js_runtime_pool_leases_refused_total',
    'Leases that were refused, by error code',
    'code',
    ({ runtime }) => ({ ...zeros(REFUSALS), ...runtime.pool.refused }),
  ),
];
