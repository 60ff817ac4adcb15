import { z } from 'zod';
import { limitsOf, limitsShape, type ResourceLimits } from './limits.ts';
import { permissionRulesSchema } from './permission-rules.ts';

const count = z.coerce.number().int().min(1);

export const TENANT_BOUNDARIES = ['isolate', 'process'] as const;
/**
 * What never serves two tenants. `isolate`: a VM that changes tenants gets a new isolate in the same process. `process`: it
 * is ended, and a new process takes its place.
 */
export type TenantBoundary = (typeof TENANT_BOUNDARIES)[number];

/** How tenants share the runtime: may be set for every tenant, and differently for one, as the limits of its executions may. */
export const tenantPolicyShape = {
  tenantConcurrency: count
    .max(1000)
    .describe('executions of one tenant that run at the same time; half of poolSize at most leaves VMs to others'),
  tenantQueueSize: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .describe('executions of one tenant that wait for those; then TENANT_BUSY'),
  tenantWeight: count.max(100).describe('turns of a tenant when several wait, for each turn of one of weight 1'),
  tenantBoundary: z
    .enum(TENANT_BOUNDARIES)
    .describe(
      'what never serves two tenants: an isolate, or a whole process, which costs a start when a VM changes tenants',
    ),
  permissions: permissionRulesSchema.describe('host APIs that scripts may call'),
};

const tenantOverridesSchema = z.strictObject({ ...tenantPolicyShape, ...limitsShape }).partial();

type Sharing = Readonly<z.output<z.ZodObject<typeof tenantPolicyShape>>>;

/** What applies to one tenant. */
export interface TenantPolicy extends Sharing {
  /** Of each of its executions. */
  readonly limits: ResourceLimits;
}

/** What differs for one tenant: any of the options of a `TenantPolicy`, and any limit. */
export type TenantOverrides = Readonly<z.output<typeof tenantOverridesSchema>>;
/**
 * What differs for a tenant, if anything. Asked at every execution, so it should answer from memory. An object it has given
 * before is taken to be unchanged: for other options it gives another object.
 */
export type TenantResolver = (tenantId: string) => TenantOverrides | undefined;

/** A {@link TenantResolver} as a provider, so that it can inject what it needs; `forRoot` takes its class as `tenantOptions`. */
export interface TenantOptionsService {
  optionsOf: TenantResolver;
}

/** Whose the VM is that a health check has. It has what is configured for all; nobody is asked what differs for it. */
export const HEALTH_TENANT_ID = '(health)';

export const TENANT_OPTIONS = Symbol('TENANT_OPTIONS');

/** By tenant id, as an object or, in an environment, as its JSON; or a function. */
export const tenantsSchema = z.union(
  [
    z.custom<TenantResolver>((value) => typeof value === 'function'),
    z.preprocess(parseJson, z.record(z.string().min(1), tenantOverridesSchema)),
  ],
  { error: 'must give the options of tenants by their ids: { "acme": { "tenantConcurrency": 10 } }, or be a function' },
);

/** Every tenant's policy: its own overrides over what is configured for all. */
export class TenantPolicies {
  readonly #defaults: TenantPolicy;
  readonly #resolve: TenantResolver;
  /** By the object that the resolver gave, so that one that answers from memory is checked once. */
  readonly #checked = new WeakMap<object, TenantPolicy>();

  /** @param service asked before `options.tenants`, which is for those of whom it knows nothing */
  constructor(
    options: Sharing &
      ResourceLimits & { readonly tenants: TenantResolver | Readonly<Record<string, TenantOverrides>> },
    service?: TenantOptionsService,
  ) {
    this.#defaults = policyOf(options);
    const { tenants } = options;
    const configured: TenantResolver =
      typeof tenants === 'function' ? tenants : (id) => (Object.hasOwn(tenants, id) ? tenants[id] : undefined);
    this.#resolve = service ? (id) => service.optionsOf(id) ?? configured(id) : configured;
  }

  /** @throws Error when the resolver gives what is no policy, or throws itself: then nothing runs for this tenant */
  of(tenantId: string): TenantPolicy {
    if (tenantId === HEALTH_TENANT_ID) return this.#defaults;
    const overrides = this.#resolve(tenantId) as unknown;
    if (overrides === undefined || overrides === null) return this.#defaults;
    if (!isPlainObject(overrides)) {
      // Above all a promise, which would pass for an object without any options.
      throw new Error(`The options of tenant ${tenantId} must be a plain object, at once, or undefined`);
    }
    const known = this.#checked.get(overrides);
    if (known) return known;
    const parsed = tenantOverridesSchema.safeParse(overrides);
    if (!parsed.success) {
      throw new Error(`The options of tenant ${tenantId} are wrong: ${z.prettifyError(parsed.error)}`);
    }
    const given = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
    const { limits, ...sharing } = this.#defaults;
    const policy = policyOf({ ...limits, ...sharing, ...Object.fromEntries(given) });
    this.#checked.set(overrides, policy);
    return policy;
  }
}

function policyOf(options: Sharing & ResourceLimits): TenantPolicy {
  const { tenantConcurrency, tenantQueueSize, tenantWeight, tenantBoundary, permissions } = options;
  return Object.freeze({
    tenantConcurrency,
    tenantQueueSize,
    tenantWeight,
    tenantBoundary,
    permissions,
    limits: limitsOf(options),
  });
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
