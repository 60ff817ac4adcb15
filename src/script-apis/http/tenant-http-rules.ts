import { z } from 'zod';
import { HttpRules } from './http-rules.ts';

/** Stands for all tenants that are not named. */
const OTHERS = '*';

const entries = z.array(z.string().min(1)).max(1000);
const source = z.strictObject({ allow: entries.default([]), block: entries.default([]) });

const NOTHING = new HttpRules({ allow: [], block: [] });

/** The rules of every tenant. */
export class TenantHttpRules {
  readonly #byTenant: ReadonlyMap<string, HttpRules>;

  private constructor(byTenant: ReadonlyMap<string, HttpRules>) {
    this.#byTenant = byTenant;
  }

  /**
   * @param rules tenant ids, and `*` for all others, with `{ allow, block }` each
   * @throws Error that names the tenant and what is wrong with its rules
   */
  static of(rules: Readonly<Record<string, unknown>>): TenantHttpRules {
    return new TenantHttpRules(
      new Map(Object.entries(rules).map(([tenantId, given]) => [tenantId, rulesOf(tenantId, given)])),
    );
  }

  /** @throws Error for what is no JSON object, too */
  static parse(json: string): TenantHttpRules {
    const rules: unknown = parseJson(json);
    if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) {
      throw new Error('must be a JSON object of rules by tenant id');
    }
    return TenantHttpRules.of(rules as Record<string, unknown>);
  }

  /** Those of the tenant; else those for all others; without these, nothing is allowed. */
  for(tenantId: string): HttpRules {
    return this.#byTenant.get(tenantId) ?? this.#byTenant.get(OTHERS) ?? NOTHING;
  }
}

function rulesOf(tenantId: string, given: unknown): HttpRules {
  const parsed = source.safeParse(given);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    throw new Error(`of tenant ${tenantId}: ${[...path, message].join(': ')}`);
  }
  try {
    return new HttpRules(parsed.data);
  } catch (error) {
    throw new Error(`of tenant ${tenantId}: ${(error as Error).message}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
