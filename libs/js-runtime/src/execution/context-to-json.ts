import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';

/**
 * What the script sees as `context`.
 *
 * @throws JsRuntimeError TENANT_CONTEXT_MISSING when the tenant context is not JSON: whoever set it made a mistake
 */
export function contextToJson(tenancy: TenantContext, executionId: string, deadlineMs: number): string {
  try {
    return JSON.stringify({ ...tenancy, executionId, deadlineMs });
  } catch (cause) {
    throw new JsRuntimeError(
      'TENANT_CONTEXT_MISSING',
      'The tenant context that was entered is not JSON',
      {},
      { cause },
    );
  }
}
