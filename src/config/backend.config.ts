import { registerAs } from '@nestjs/config';
import { z } from 'zod';
import { TenantHttpRules } from '../script-apis/http/tenant-http-rules.ts';
import { logEnvironment } from './log.config.ts';

const MIB = 1024 * 1024;

const operatorKey = z.string().regex(/^\S{8,}$/, 'must have 8 or more characters, and no blanks');

/** Every variable with its default. Descriptions are for the operator. */
export const backendEnvironment = z.object({
  NODE_ENV: z
    .string()
    .default('development')
    .describe(
      'with `production` the backend has no keys that everybody knows, and lets scripts connect to no host that nobody has allowed. Anything else is development',
    ),
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address to listen on; 0.0.0.0, or :: with IPv6, for all that the machine has'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000).describe('port to listen on; 0 for any that is free'),
  TENANT_KEYS: z
    .string()
    .describe(
      'API keys: `tenant:key` pairs joined by commas; a tenant may have several. Without, the keys for development, with which production does not start',
    )
    .regex(
      /^[\w-]+:[^\s:,]{8,}(,[\w-]+:[^\s:,]{8,})*$/,
      'must be tenant:key pairs joined by commas, keys of 8 or more characters',
    )
    .optional(),
  ADMIN_KEY: operatorKey
    .describe(
      'key for /v1/runtime/stats and /health/deep. Without, `admin-dev-key` in development; in production these routes are not there',
    )
    .optional(),
  METRICS_KEY: operatorKey.describe('key for /metrics; without, it is open').optional(),
  METRICS_TENANTS: z
    .string()
    .describe('tenants that metrics tell of by name, joined by commas; each is several series of its own')
    .transform((text) => [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== ''))
    .refine((ids) => ids.length <= 100, 'must be 100 tenants at most: each is several series of its own')
    .default([]),
  STORAGE_URL: z
    .string()
    .describe(
      'the Redis that keeps saved modules and the values of kv, for several backends too, as a redis:// or rediss:// URL; without, they are in memory and gone with the process',
    )
    .refine((url) => /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url), 'must be a redis:// or rediss:// URL')
    .optional(),
  HTTP_RULES: z
    .string()
    .describe(
      'where scripts may connect with http.fetch, as JSON by tenant, `*` for tenants that are not named: `{"acme":{"allow":["api.example.com"],"block":[]}}`. Without, all public hosts over https in development, none in production',
    )
    .transform(parseHttpRules)
    .optional(),
  KV_MAX_KEYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe('keys that a tenant may keep with kv; then QUOTA_EXCEEDED'),
  KV_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024 * MIB)
    .default(10 * MIB)
    .describe('bytes that a tenant may keep with kv, keys and values together; then QUOTA_EXCEEDED'),
  ...logEnvironment,
});

export interface BackendConfig {
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  /** API key → tenant id. */
  readonly tenantKeys: ReadonlyMap<string, string>;
  /** For routes of operators; undefined: there are none. */
  readonly adminKey: string | undefined;
  /** For `GET /metrics`; undefined: it is open. */
  readonly metricsKey: string | undefined;
  /** Tenants that metrics tell of by name. */
  readonly metricsTenants: readonly string[];
  /** Redis, where what tenants save is kept; undefined: in memory. It may have a password in it. */
  readonly storageUrl: string | undefined;
  /** Where scripts may send requests. */
  readonly httpRules: TenantHttpRules;
  /** What the scripts of one tenant may keep in `kv`, keys and values together. */
  readonly kvQuota: { readonly maxKeys: number; readonly maxBytes: number };
}

/** Keys that are in this repository, so everybody knows them. */
const DEVELOPMENT_KEYS: ReadonlyMap<string, string> = new Map([
  ['acme-dev-key', 'acme'],
  ['globex-dev-key', 'globex'],
]);

const DEVELOPMENT_ADMIN_KEY = 'admin-dev-key';

/** Any host of the internet in development; in production nothing that nobody has decided. */
const DEVELOPMENT_HTTP_RULES = { '*': { allow: ['*'] } };
const PRODUCTION_HTTP_RULES = {};

/**
 * The `backend` namespace of @nestjs/config.
 *
 * @throws Error for a value that breaks its rule, and in production for missing or development keys
 */
export const backendConfig = registerAs('backend', () => readBackendConfig(process.env));

export function readBackendConfig(env: NodeJS.ProcessEnv): BackendConfig {
  const parsed = backendEnvironment.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])} is wrong: ${message}`);
    throw new Error(problems.join('\n'));
  }
  const { NODE_ENV, HOST, PORT, TENANT_KEYS, STORAGE_URL, HTTP_RULES, KV_MAX_KEYS, KV_MAX_BYTES } = parsed.data;
  const { ADMIN_KEY, METRICS_KEY, METRICS_TENANTS } = parsed.data;
  const isProduction = NODE_ENV === 'production';
  const tenantKeys = TENANT_KEYS === undefined ? DEVELOPMENT_KEYS : parseKeys(TENANT_KEYS);
  if (isProduction && [...DEVELOPMENT_KEYS.keys()].some((key) => tenantKeys.has(key))) {
    throw new Error('TENANT_KEYS must be set in production, without the development keys: everybody knows those');
  }
  if (isProduction && ADMIN_KEY === DEVELOPMENT_ADMIN_KEY) {
    throw new Error('ADMIN_KEY must not be the development key in production: everybody knows that');
  }
  const adminKey = ADMIN_KEY ?? (isProduction ? undefined : DEVELOPMENT_ADMIN_KEY);
  if ([adminKey, METRICS_KEY].some((key) => key !== undefined && tenantKeys.has(key))) {
    throw new Error('ADMIN_KEY and METRICS_KEY must not be keys of tenants');
  }
  const httpRules = HTTP_RULES ?? TenantHttpRules.of(isProduction ? PRODUCTION_HTTP_RULES : DEVELOPMENT_HTTP_RULES);
  const kvQuota = { maxKeys: KV_MAX_KEYS, maxBytes: KV_MAX_BYTES };
  return {
    isProduction,
    host: HOST,
    port: PORT,
    tenantKeys,
    adminKey,
    metricsKey: METRICS_KEY,
    metricsTenants: METRICS_TENANTS,
    storageUrl: STORAGE_URL,
    httpRules,
    kvQuota,
  };
}

function parseKeys(text: string): ReadonlyMap<string, string> {
  const tenantIds = new Map<string, string>();
  for (const pair of text.split(',')) {
    const colon = pair.indexOf(':');
    const [tenantId, key] = [pair.slice(0, colon), pair.slice(colon + 1)];
    if (tenantIds.has(key)) throw new Error(`TENANT_KEYS gives one key to two tenants, ${tenantId} is the second`);
    tenantIds.set(key, tenantId);
  }
  return tenantIds;
}

function parseHttpRules(json: string, context: z.core.$RefinementCtx): TenantHttpRules {
  try {
    return TenantHttpRules.parse(json);
  } catch (error) {
    context.addIssue((error as Error).message);
    return z.NEVER;
  }
}
