import { LOAD_LEVELS } from 'nestjs-js-runtime';
import { byLabel, gauge, zeros, type Family } from '../family.ts';

export const LOAD: readonly Family[] = [
  byLabel('gauge', 'js_runtime_load_level', '1 for the level of the load', 'level', ({ runtime }) => ({
    ...zeros(LOAD_LEVELS),
    [runtime.load.level]: 1,
  })),
  byLabel(
    'counter',
    'js_runtime_load_level_entered_total',
    'How often a level was entered',
    'level',
    ({ runtime }) => ({ ...runtime.load.entered }),
  ),
  gauge(
    'js_runtime_load_memory_used_bytes',
    'Memory of the backend and its VMs',
    ({ runtime }) => runtime.load.memory.usedBytes,
  ),
  gauge('js_runtime_load_memory_limit_bytes', 'What they may have', ({ runtime }) => runtime.load.memory.limitBytes),
  gauge(
    'js_runtime_load_queue_wait_seconds',
    'Wait for a VM lately, 90th percentile',
    ({ runtime }) => runtime.load.queueWaitMs / 1000,
  ),
  byLabel(
    'gauge',
    'js_runtime_event_loop_delay_seconds',
    'How late the event loop was lately',
    'stat',
    ({ runtime }) => {
      const { mean, p99, max } = runtime.load.eventLoopDelayMs;
      return { mean: mean / 1000, p99: p99 / 1000, max: max / 1000 };
    },
  ),
];
