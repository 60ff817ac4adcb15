import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { COMPILED_OPTIONS, ExecutionService, TenantUsageService, type CompiledOptions } from 'nestjs-js-runtime';
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client';
import { backendConfig } from '../config/backend.config.ts';
import { CACHE } from './families/cache.ts';
import { EXECUTIONS } from './families/executions.ts';
import { LOAD } from './families/load.ts';
import { POOL } from './families/pool.ts';
import { TENANTS } from './families/tenants.ts';
import { WARM } from './families/warm.ts';
import type { Snapshot } from './family.ts';

/**
 * Tells Prometheus what the runtime has counted. Everything is read when it is scraped: an execution costs nothing more. The
 * registry is the application's own, as tests have several.
 */
@Injectable()
export class PrometheusService {
  readonly #registry = new Registry();
  readonly #tenants: readonly string[];

  constructor(
    @Inject(backendConfig.KEY) { metricsTenants }: ConfigType<typeof backendConfig>,
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    private readonly executions: ExecutionService,
    private readonly tenantUsage: TenantUsageService,
  ) {
    this.#tenants = metricsTenants;
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of one scrape. */
  async scrape(): Promise<string> {
    const registry = new Registry();
    const snapshot = this.#snapshot();
    for (const { name, help, type, samples } of [...EXECUTIONS, ...POOL, ...LOAD, ...CACHE, ...WARM, ...TENANTS]) {
      const metric = { name, help, type, get: () => Promise.resolve({ name, help, type, values: samples(snapshot) }) };
      // All that a registry asks of a metric.
      registry.registerMetric(metric as unknown as Metric);
    }
    return Registry.merge([registry, this.#registry]).metrics();
  }

  #snapshot(): Snapshot {
    const { poolSize, maxVms } = this.options;
    return {
      runtime: this.executions.metrics(),
      config: { poolSize, maxVms },
      tenants: this.#tenants.map((tenantId) => [tenantId, this.tenantUsage.of(tenantId)] as const),
    };
  }
}
