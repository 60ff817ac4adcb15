import { byLabel, counter, gauge, type Family } from '../family.ts';

export const WARM: readonly Family[] = [
  gauge('js_runtime_warm_realms', 'Realms that are kept', ({ runtime }) => runtime.pool.warm.kept),
  gauge(
    'js_runtime_warm_bytes',
    'What these take: by how much their processes have grown since they keep any',
    ({ runtime }) => runtime.pool.warm.bytes,
  ),
  gauge(
    'js_runtime_warm_waiting',
    'Invocations that wait for a VM that their function has, or is to have',
    ({ runtime }) => runtime.pool.warm.waiting,
  ),
  byLabel(
    'counter',
    'js_runtime_warm_invocations_total',
    'Invocations by whether they found their realm',
    'realm',
    ({ runtime: { pool } }) => ({ hit: pool.warm.hits, miss: pool.warm.misses, fresh: pool.warm.fresh }),
  ),
  byLabel(
    'counter',
    'js_runtime_warm_evictions_total',
    'Realms that were let go, by reason',
    'reason',
    ({ runtime }) => runtime.pool.warm.evictions,
  ),
  counter(
    'js_runtime_warm_losses_total',
    'Realms that went with their isolate or VM',
    ({ runtime }) => runtime.pool.warm.losses,
  ),
];
