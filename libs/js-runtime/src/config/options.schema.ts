import { z } from 'zod';
import { defaultedLimitsShape } from './limits.ts';
import { isRedisUrl, REDIS_URL_RULE_TEXT } from './redis-url.ts';
import { tenantPolicyShape, tenantsSchema } from './tenant-policy.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const count = z.coerce.number().int().min(1);
/** A day at most: far from where timers overflow. */
const ms = z.coerce.number().int().min(1).max(DAY_MS);
const percent = z.coerce.number().min(1).max(100);
const flag = z.union([z.boolean(), z.stringbool()]);

/**
 * Every option with its default. The unit is part of the name. Descriptions are for the operator.
 */
export const optionsSchema = z.strictObject({
  poolSize: count
    .max(1000)
    .default(10)
    .describe(
      'VM processes kept ready: so many scripts run at once before more have to be started; each idle one takes about 20 MB of memory',
    ),
  maxVms: count
    .max(2000)
    .optional()
    .describe(
      'VM processes at most, when callers wait: each may take maxMemoryMb and more; twice poolSize if left out',
    ),
  overflowAfterMs: ms.default(100).describe('how long a caller waits before one more VM than poolSize is started'),
  vmMaxAgeMs: ms.default(3_600_000).describe('age at which a VM is replaced, up to a tenth earlier, at random'),
  vmMaxUses: count
    .default(10_000)
    .describe('executions after which a VM is replaced, up to a tenth earlier, at random'),
  warmRealmsPerVm: count
    .max(1000)
    .default(16)
    .describe(
      'warm realms that one VM keeps, each of one function of its tenant; then the least recently used goes. A realm takes 0.3 MB and what its script keeps',
    ),
  warmMaxRealms: count
    .max(1_000_000)
    .default(1000)
    .describe('warm realms of all VMs together; then the least recently used goes'),
  warmMaxRealmsPerTenant: count
    .max(1_000_000)
    .default(100)
    .describe(
      'warm realms of one tenant in all its VMs; then its own least recently used goes. Where warmMaxMemoryMb is reached, a tenant with more than the same part of that lets go first',
    ),
  warmMaxMemoryMb: count
    .max(1_000_000)
    .default(512)
    .describe(
      'memory of all warm realms, reckoned by how much their processes have grown since they keep any; then the least recently used go',
    ),
  warmIdleMs: ms.default(300_000).describe('time after which a warm realm that nobody has used is let go'),
  warmMaxUses: count.max(1_000_000_000).default(1_000_000).describe('invocations after which a warm realm is replaced'),
  warmMaxOverlap: count
    .max(64)
    .default(1)
    .describe(
      'invocations of a function body that may be under way at once in one VM with a warm realm, each in a realm of its own, while they wait for timers and host APIs; they share `maxMemoryMb`, and count as one of `tenantConcurrency`. 1: none beside another',
    ),
  vmCreateTimeoutMs: ms
    .default(5000)
    .describe('how long a VM process may take to start; then it is given up, and tried again later'),
  healthIntervalMs: ms.default(30_000).describe('time between two health checks of an idle VM'),
  healthTimeoutMs: ms
    .default(100)
    .describe('how long a VM may take to answer a health check, waiting for a CPU not included; then it is replaced'),
  drainTimeoutMs: ms.default(30_000).describe('how long executions may go on after the backend was told to stop'),
  shutdownDelayMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .describe(
      'how long executions are still admitted after the backend was told to stop, while it says that it is not ready',
    ),
  queueSize: count
    .max(1_000_000)
    .default(1000)
    .describe(
      'executions of all tenants that wait for a VM, and as many that wait for their own tenant; then POOL_EXHAUSTED',
    ),
  tenantConcurrency: tenantPolicyShape.tenantConcurrency.default(5),
  tenantQueueSize: tenantPolicyShape.tenantQueueSize.default(100),
  tenantWeight: tenantPolicyShape.tenantWeight.default(1),
  tenantBoundary: tenantPolicyShape.tenantBoundary.default('isolate'),
  permissions: tenantPolicyShape.permissions
    .default([])
    .describe(
      'host APIs that scripts may call, as rules: `kv:get`, `kv:*`, `*`; `!` before one denies; none if left out',
    ),
  tenants: tenantsSchema
    .default({})
    .describe('what differs for single tenants: any of the options that may be set for one, by tenant id'),
  ...defaultedLimitsShape,
  stackSizeKb: z.coerce.number().int().min(128).max(984).default(984).describe('stack of one VM process'),
  loadEnabled: flag.default(true).describe('whether the load is measured, and less is done while it is high'),
  loadIntervalMs: ms.min(10).default(1000).describe('time between two looks at the load'),
  loadRecoveryMs: ms
    .default(5000)
    .describe('how long everything must have been low before the level of the load falls'),
  memoryLimitMb: count
    .optional()
    .describe(
      'memory of the backend and its VMs that counts as 100 %; that of the container, or else of the machine, if left out',
    ),
  elevatedMemoryPercent: percent.default(80).describe('memory from which on the load is elevated'),
  criticalMemoryPercent: percent.default(92).describe('memory from which on the load is critical'),
  elevatedEventLoopDelayMs: ms
    .default(200)
    .describe('delay of the event loop (p99) from which on the load is elevated'),
  criticalEventLoopDelayMs: ms
    .default(1000)
    .describe('delay of the event loop (p99) from which on the load is critical'),
  elevatedQueueWaitMs: ms.default(2000).describe('wait for a VM (p90) from which on the load is elevated'),
  criticalQueueWaitMs: ms.default(10_000).describe('wait for a VM (p90) from which on the load is critical'),
  metricsEnabled: flag
    .default(true)
    .describe('whether executions and calls of host APIs are counted by outcome, and how long they take'),
  auditEnabled: flag.default(true).describe('whether the audit sink is told of executions and denied calls'),
  cacheEnabled: flag
    .default(true)
    .describe("whether V8's code cache of compiled scripts is kept; otherwise each VM compiles by itself"),
  cacheMaxBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(128 * MIB)
    .describe('what VMs made of scripts, code caches above all, kept in memory, all tenants together'),
  cacheMaxEntries: count
    .max(1_000_000)
    .default(1000)
    .describe('scripts whose code cache is kept in memory; then the least recently used is forgotten'),
  cacheRedisUrl: z
    .string()
    .refine(isRedisUrl, REDIS_URL_RULE_TEXT)
    .optional()
    .describe('Redis in which instances share what VMs made of scripts; not shared if left out'),
  cacheSecret: z
    .string()
    .min(32)
    .optional()
    .describe('what entries in Redis are sealed with, the same for all instances; needed with cacheRedisUrl'),
  cacheRedisTimeoutMs: ms
    .max(60_000)
    .default(50)
    .describe('the most that an execution waits for Redis; then it compiles'),
  cacheRedisTtlMs: z.coerce
    .number()
    .int()
    .min(1000)
    .max(365 * DAY_MS)
    .default(7 * DAY_MS)
    .describe('how long Redis keeps an entry after it was written'),
});

/** Options whose value is never shown: a key, and a URL that may have a password. */
export const SECRET_OPTIONS: ReadonlySet<string> = new Set<OptionName>(['cacheRedisUrl', 'cacheSecret']);

/** Options as an application writes them; whatever is left out, or undefined, has its default. */
export type JsRuntimeOptions = { readonly [Name in OptionName]?: CompiledOptions[Name] | undefined };

/** Options as the runtime uses them: complete, checked, frozen. */
export type CompiledOptions = Readonly<z.output<typeof optionsSchema>> & { readonly maxVms: number };

export type OptionName = keyof CompiledOptions;
