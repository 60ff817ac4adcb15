import { ERROR_CODES } from 'nestjs-js-runtime';
import { byLabel, histogram, histogramSamples, zeros, type Family } from '../family.ts';

const NO_EXECUTIONS = zeros(['OK', ...Object.keys(ERROR_CODES), 'INTERNAL_ERROR']);

const API_CALL_DURATION = 'js_runtime_api_call_duration_seconds';

export const EXECUTIONS: readonly Family[] = [
  byLabel(
    'counter',
    'js_runtime_executions_total',
    'Executions that have ended, by OK or the error code that they ended with',
    'outcome',
    ({ runtime }) => ({ ...NO_EXECUTIONS, ...runtime.executions.outcomes }),
  ),
  histogram(
    'js_runtime_execution_duration_seconds',
    'From the call to the answer',
    ({ runtime }) => runtime.executions.wall,
  ),
  histogram(
    'js_runtime_execution_queue_wait_seconds',
    'What executions waited for a VM',
    ({ runtime }) => runtime.executions.queueWait,
  ),
  histogram(
    'js_runtime_execution_cpu_seconds',
    'CPU time of VMs for one execution',
    ({ runtime }) => runtime.executions.cpu,
  ),
  histogram(
    'js_runtime_compile_cpu_seconds',
    'CPU time of VMs to compile one script or module that was not found compiled',
    ({ runtime }) => runtime.executions.compileCpu,
  ),
  {
    name: 'js_runtime_api_calls_total',
    help: 'Calls of host APIs that have ended, by OK, the error code, or API_ERROR for an error of the API itself',
    type: 'counter',
    samples: ({ runtime }) =>
      runtime.executions.apiCalls.flatMap(({ api, outcomes }) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ value, labels: { api, outcome } })),
      ),
  },
  {
    name: API_CALL_DURATION,
    help: 'From when a call of a host API was read to its answer',
    type: 'histogram',
    samples: ({ runtime }) =>
      runtime.executions.apiCalls.flatMap(({ api, duration }) =>
        histogramSamples(API_CALL_DURATION, duration, { api }),
      ),
  },
];
