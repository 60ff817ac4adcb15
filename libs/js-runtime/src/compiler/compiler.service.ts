import { Inject, Injectable, Optional } from '@nestjs/common';
import { Cancellation } from '../admission/cancellation.ts';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import type { ResourceLimits } from '../config/limits.ts';
import { TenantPolicies } from '../config/tenant-policy.ts';
import { memoryLimitExceeded } from '../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import { ExecutionMetrics } from '../metrics/execution-metrics.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { LinkReply, RunUnit } from '../process/vm-request.ts';
import { assertCpuLeft, meteredCall, type Budget } from '../security/metered-call.ts';
import { tightenLimits } from '../security/resource-limits.ts';
import { ResourceTracker } from '../security/resource-tracker.ts';
import { TenantUsageService } from '../security/tenant-usage.service.ts';
import type { TenantContext } from '../tenancy/tenant-context.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import type { OperationTrace } from '../tracing/operation-trace.ts';
import { startOperation } from '../tracing/start-operation.ts';
import { ArtifactCache, type CacheStats } from './cache/artifact-cache.ts';
import { ArtifactSource } from './artifact-source.ts';
import { toolchainOf } from './cache-key.ts';
import { compilationFailed } from './compilation-failed.ts';
import { CompileCounts } from './compile-counts.ts';
import type { CompiledScript, CompileOptions, SourceOptions } from './compiled-script.ts';
import { describeScript } from './describe-script.ts';
import { DescribedScripts } from './described-scripts.ts';
import { findMissing } from './find-missing.ts';
import { HotScripts } from './hot-scripts.ts';
import type { ModuleLookup } from './module-finder.ts';
import { MODULE_RESOLVER, type ModuleResolver } from './module-resolver.ts';
import { ScriptLoader, type LoadedScript } from './script-loader.ts';

/** Turns sources into compiled scripts, and knows where their code is. */
@Injectable()
export class CompilerService {
  readonly #toolchain: string;
  readonly #artifacts: ArtifactSource;
  readonly #counts = new CompileCounts();
  readonly #described = new DescribedScripts();
  readonly #hotScripts = new HotScripts();

  constructor(
    @Inject(COMPILED_OPTIONS) options: CompiledOptions,
    private readonly policies: TenantPolicies,
    private readonly tenancy: TenancyService,
    private readonly pool: VmPoolService,
    private readonly cache: ArtifactCache,
    private readonly tenantUsage: TenantUsageService,
    executionMetrics: ExecutionMetrics,
    @Optional() @Inject(MODULE_RESOLVER) private readonly resolver?: ModuleResolver,
  ) {
    this.#toolchain = toolchainOf(options);
    this.#artifacts = new ArtifactSource(cache, (cpuMs) => {
      executionMetrics.compiled(cpuMs);
    });
    pool.loadAhead(
      (tenantId, held) => findMissing(this.#hotScripts.of(tenantId), held, cache),
      (tenantId, { units }) => {
        for (const { key } of units) this.#hotScripts.forget(tenantId, key);
      },
    );
  }

  /**
   * Compiles a source for the current tenant, in one of its VMs, without running it. A module is linked with what it imports, too,
   * unless `link` is false.
   *
   * @throws JsRuntimeError COMPILATION_FAILED with the position and the lines around it in `details.error`, SCRIPT_TOO_LARGE,
   * INVALID_REQUEST, TENANT_CONTEXT_MISSING, CANCELLED, the limits of time, CPU and memory, and what a VM's lease may fail with;
   * whatever the `ModuleResolver` throws
   */
  async compile(name: string, source: string, options: CompileOptions = {}): Promise<CompiledScript> {
    const operation = startOperation('js_runtime.compile', { tenantId: this.tenancy.find()?.tenant.id });
    if (!operation) return this.#compileNow(name, source, options);
    return operation.run(async (trace) => this.#compileNow(name, source, options, trace));
  }

  async #compileNow(
    name: string,
    source: string,
    options: CompileOptions,
    trace?: OperationTrace,
  ): Promise<CompiledScript> {
    const tenancy = this.tenancy.current();
    const { id: tenantId } = tenancy.tenant;
    const policy = this.policies.of(tenantId);
    const limits = tightenLimits(policy.limits, options.limits);
    const tracker = new ResourceTracker(limits);
    let cancellation: Cancellation | undefined;
    try {
      this.pool.refuseIfHopeless(tenantId, policy, options.signal);
      const script = this.describe(tenantId, name, source, options, limits);
      trace?.hasScript(script);
      const deadline = new Deadline(limits.timeoutMs);
      const signal = (cancellation = new Cancellation(options.signal));
      tracker.waits();
      trace?.waits();
      await this.pool.withVm(
        async ({ vm }) => {
          tracker.hasVm();
          trace?.hasVm(vm.id);
          const budget = { tracker, deadline, signal, trace };
          await this.#compile(script, vm, tenancy, budget, options.link ?? true);
          assertCpuLeft(budget);
        },
        { tenantId, deadline, signal, script: { key: script.id, maxMemoryMb: limits.maxMemoryMb } },
      );
      const usage = tracker.receipt();
      this.tenantUsage.add(tenantId, usage, false, 'compilations');
      trace?.hasUsed(usage);
      return script;
    } catch (error) {
      const usage = tracker.receipt();
      this.tenantUsage.add(tenantId, usage, true, 'compilations');
      trace?.hasUsed(usage);
      throw error instanceof JsRuntimeError ? Object.assign(error, { usage }) : error;
    } finally {
      cancellation?.end();
    }
  }

  stats(): CacheStats {
    const { hits, misses, compileMsSaved } = this.#counts;
    return { hits, misses, compileMsSaved, ...this.cache.stats() };
  }

  /** Checks a source's name and size and gives it its id. Compiles nothing. @throws JsRuntimeError as `compile` does */
  describe(
    tenantId: string,
    name: string,
    source: string,
    options: SourceOptions,
    limits: Pick<ResourceLimits, 'maxSourceBytes'>,
  ): CompiledScript {
    const { wrap = 'script', language = 'javascript' } = options;
    const known = this.#described.find({ tenantId, name, wrap, language, source });
    if (known && known.sourceBytes <= limits.maxSourceBytes) return known;
    const script = describeScript(this.#toolchain, tenantId, name, source, options, limits);
    this.#described.add(script);
    return script;
  }

  /** Loads scripts into one VM, for one execution or compilation. */
  loaderFor(vm: Vm, budget: Budget): ScriptLoader {
    return new ScriptLoader(this.#artifacts, vm, budget, this.#counts);
  }

  /** It has been run in a VM with this heap limit, which lives: the tenant's next VM may have it. */
  ran(script: CompiledScript, maxMemoryMb: number): void {
    this.#hotScripts.ran(script, maxMemoryMb);
  }

  /** What imports mean to a tenant. */
  moduleLookupFor(tenancy: TenantContext, limits: ResourceLimits): ModuleLookup {
    return {
      find: (specifier, importer, asker) => {
        const request = {
          specifier,
          importer: importer.name,
          get signal() {
            return asker.signal;
          },
        };
        return this.resolver?.resolve(request, tenancy);
      },
      describe: ({ name, source, language }, specifier, importer) => {
        try {
          return this.describe(tenancy.tenant.id, name, source, { wrap: 'module', language }, limits);
        } catch (cause) {
          if (!(cause instanceof JsRuntimeError) || cause.code !== 'INVALID_REQUEST') throw cause;
          const asked = `${JSON.stringify(specifier)}, imported by ${importer.name}`;
          throw new Error(`The ModuleResolver has answered ${asked}, with what is no module: ${cause.message}`, {
            cause,
          });
        }
      },
    };
  }

  /** V8 would not have the code of these scripts: it is forgotten, so that it is made anew. */
  async refused(tenantId: string, units: readonly RunUnit[]): Promise<void> {
    for (const { key, compileMs } of units) {
      this.#counts.refused(compileMs);
      await this.cache.reject(tenantId, key);
    }
  }

  async #compile(
    script: CompiledScript,
    vm: Vm,
    tenancy: TenantContext,
    budget: Budget,
    links: boolean,
  ): Promise<void> {
    const loader = this.loaderFor(vm, budget);
    if (script.wrap !== 'module' || !links) {
      await loader.loadAlone(script);
      return;
    }
    const { limits } = budget.tracker;
    const link = async ({ units }: LoadedScript): Promise<LinkReply> =>
      meteredCall(vm, budget, async (left) => vm.link({ units, limits: left }));
    const loaded = await loader.load(script, this.moduleLookupFor(tenancy, limits));
    const span = budget.trace?.begin('link');
    let { outcome } = await link(loaded);
    if (outcome.kind === 'not-held') ({ outcome } = await link(await loader.withCode(loaded)));
    if (outcome.kind === 'not-compiled') throw compilationFailed(outcome.error, loaded.scripts);
    if (outcome.kind === 'out-of-memory') throw memoryLimitExceeded(limits.maxMemoryMb, budget.tracker.used);
    if (outcome.kind === 'compiled') {
      span?.end();
      return;
    }
    vm.kill('protocol');
    throw new JsRuntimeError('VM_CRASHED', 'The VM gave an answer that is none');
  }
}
