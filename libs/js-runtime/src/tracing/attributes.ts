/** All attributes that spans have, and their names. No source, input, result, log, message or stack is ever in one. */
export const ATTRIBUTE = {
  executionId: 'js_runtime.execution.id',
  tenantId: 'js_runtime.tenant.id',
  scriptName: 'js_runtime.script.name',
  /** SHA-256 of the source, in hexadecimal. */
  scriptHash: 'js_runtime.script.source_hash',
  vmId: 'js_runtime.vm.id',
  outcome: 'js_runtime.outcome',
  /** As OpenTelemetry calls it; only where the status is an error. */
  errorType: 'error.type',
  cpuMs: 'js_runtime.cpu_ms',
  queueMs: 'js_runtime.queue_ms',
  peakMemoryBytes: 'js_runtime.peak_memory_bytes',
  /** By their cost. */
  apiCalls: 'js_runtime.api_calls',
  /** `hit`, `miss` or `none`, as in the receipt. */
  code: 'js_runtime.code',
  /** So many parts have no span of their own; only where there are any. */
  spansLeftOut: 'js_runtime.spans_left_out',
  /** `namespace.method`, of those that there are. */
  api: 'js_runtime.api',
} as const;

const MAX_CHARS = 128;

/** What a tenant or an application may have chosen, in bounds. Half a character is no UTF-8, which exporters may choke on. */
export function attributeText(text: string): string {
  return text.slice(0, MAX_CHARS).toWellFormed();
}
