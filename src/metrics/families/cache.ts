import { byLabel, counter, gauge, zeros, type Family } from '../family.ts';

const SHARED_STATES = ['off', 'connecting', 'up', 'down'];

export const CACHE: readonly Family[] = [
  counter('js_runtime_cache_hits_total', 'Scripts found compiled', ({ runtime }) => runtime.compilationCache.hits),
  counter('js_runtime_cache_misses_total', 'Scripts compiled anew', ({ runtime }) => runtime.compilationCache.misses),
  counter(
    'js_runtime_cache_rejections_total',
    'Code that V8 refused',
    ({ runtime }) => runtime.compilationCache.rejections,
  ),
  counter(
    'js_runtime_cache_evictions_total',
    'Code that had to go for want of room',
    ({ runtime }) => runtime.compilationCache.evictions,
  ),
  gauge('js_runtime_cache_entries', 'Scripts whose code is kept', ({ runtime }) => runtime.compilationCache.entries),
  gauge('js_runtime_cache_bytes', 'What their code takes', ({ runtime }) => runtime.compilationCache.bytes),
  counter(
    'js_runtime_cache_compile_saved_seconds_total',
    'CPU time that the hits would have taken to compile',
    ({ runtime }) => runtime.compilationCache.compileMsSaved / 1000,
  ),
  byLabel(
    'gauge',
    'js_runtime_shared_cache_state',
    '1 for the state of the cache in Redis',
    'state',
    ({ runtime }) => ({ ...zeros(SHARED_STATES), [runtime.compilationCache.shared.state]: 1 }),
  ),
  counter(
    'js_runtime_shared_cache_hits_total',
    'Look-ups in Redis that found code',
    ({ runtime }) => runtime.compilationCache.shared.hits,
  ),
  counter(
    'js_runtime_shared_cache_misses_total',
    'Look-ups in Redis that found none',
    ({ runtime }) => runtime.compilationCache.shared.misses,
  ),
  counter(
    'js_runtime_shared_cache_rejections_total',
    'Entries in Redis that were not sealed with our secret, or are no code',
    ({ runtime }) => runtime.compilationCache.shared.rejections,
  ),
  counter(
    'js_runtime_shared_cache_errors_total',
    'Commands that Redis refused, and connections that were lost',
    ({ runtime }) => runtime.compilationCache.shared.errors,
  ),
  counter(
    'js_runtime_shared_cache_timeouts_total',
    'Commands that Redis did not answer in time',
    ({ runtime }) => runtime.compilationCache.shared.timeouts,
  ),
  counter(
    'js_runtime_shared_cache_skipped_total',
    'Look-ups and writes that were not tried',
    ({ runtime }) => runtime.compilationCache.shared.skipped,
  ),
];
