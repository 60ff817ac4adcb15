import type { TenantContext } from '../tenancy/tenant-context.ts';

/** A host API that somebody wants to call, or to know whether he may. */
export interface PermissionRequest {
  /** What the method asks for: `orders:list`. */
  readonly permission: string;
  /** The method: `orders.list`. */
  readonly api: string;
  readonly context: TenantContext;
}

/**
 * Decides who may call what. `forRoot` takes its class as `permissionPolicy`; the default reads the option `permissions` of the
 * tenant. Asked at each call, so it should answer from memory; when it throws, the call is refused.
 */
export interface PermissionPolicy {
  isPermitted(request: PermissionRequest): boolean | Promise<boolean>;
}

export const PERMISSION_POLICY = Symbol('PERMISSION_POLICY');
