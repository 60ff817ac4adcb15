import { Injectable } from '@nestjs/common';
import { PermissionRules } from '../config/permission-rules.ts';
import { TenantPolicies } from '../config/tenant-policy.ts';
import type { PermissionPolicy, PermissionRequest } from './permission-policy.ts';

/** Permits what the option `permissions` of the tenant says: nothing, unless it says so. */
@Injectable()
export class TenantPermissions implements PermissionPolicy {
  /** By the list that they were made of, which a tenant has for as long as its options are the same. */
  readonly #rules = new WeakMap<readonly string[], PermissionRules>();

  constructor(private readonly policies: TenantPolicies) {}

  isPermitted({ permission, context }: PermissionRequest): boolean {
    const { permissions } = this.policies.of(context.tenant.id);
    let rules = this.#rules.get(permissions);
    if (!rules) this.#rules.set(permissions, (rules = new PermissionRules(permissions)));
    return rules.permit(permission);
  }
}
