import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../admission/deadline.ts';
import type { ResourceLimits } from '../config/limits.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { TenantPolicies } from '../config/tenant-policy.ts';
import { explainVmGone, memoryLimitExceeded } from '../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { ScriptErrorInfo, ScriptWrap } from '../protocol/messages.ts';
import { TenancyService } from '../tenancy/tenancy.service.ts';
import { ArtifactCache, type CacheStats } from './artifact-cache.ts';
import { cacheKey, toolchainOf } from './cache-key.ts';
import type { CompiledScript, CompileOptions, SourceOptions } from './compiled-script.ts';

export const DEFAULT_SCRIPT_NAME = 'script.js';

const WRAPS: readonly ScriptWrap[] = ['script', 'function'];
const NAME_RULE = /^[^\p{Cc}]{1,256}$/u;

/** Turns sources into compiled scripts, and knows where their code is. */
@Injectable()
export class CompilerService {
  readonly #toolchain: string;
  #hits = 0;
  #misses = 0;

  constructor(
    @Inject(COMPILED_OPTIONS) options: CompiledOptions,
    private readonly policies: TenantPolicies,
    private readonly tenancy: TenancyService,
    private readonly pool: VmPoolService,
    private readonly artifacts: ArtifactCache,
  ) {
    this.#toolchain = toolchainOf(options);
  }

  /**
   * Compiles a source for the current tenant, in one of its VMs, without running it.
   *
   * @throws JsRuntimeError COMPILATION_FAILED with the position in `details.error`, SCRIPT_TOO_LARGE, INVALID_REQUEST,
   * TENANT_CONTEXT_MISSING, WALL_TIME_LIMIT_EXCEEDED, and what a VM's lease may fail with
   */
  async compile(name: string, source: string, options: CompileOptions = {}): Promise<CompiledScript> {
    const { tenant } = this.tenancy.current();
    const { limits } = this.policies.of(tenant.id);
    const script = this.describe(tenant.id, name, source, options, limits);
    const deadline = new Deadline(limits.timeoutMs);
    await this.pool.withVm(
      async ({ vm }) => {
        const request = { script: headerOf(script), source, limits: { ...limits, timeoutMs: deadline.remainingMs } };
        const { outcome, codeCache } = await vm.compile(request).catch((error: unknown) => {
          throw explainVmGone(error, limits, deadline.elapsedMs);
        });
        if (outcome.kind === 'not-compiled') throw compilationFailed(outcome.error);
        if (outcome.kind === 'out-of-memory') throw memoryLimitExceeded(limits.maxMemoryMb, undefined);
        await this.keep(script, codeCache);
      },
      { tenantId: tenant.id, deadline },
    );
    return script;
  }

  stats(): CacheStats {
    return { hits: this.#hits, misses: this.#misses, compileMsSaved: 0, ...this.artifacts.stats() };
  }

  /** Checks a source's name and size and gives it its id. Compiles nothing. @throws JsRuntimeError as `compile` does */
  describe(
    tenantId: string,
    name: string,
    source: string,
    { wrap = 'script', language = 'javascript' }: SourceOptions,
    { maxSourceBytes }: Pick<ResourceLimits, 'maxSourceBytes'>,
  ): CompiledScript {
    if (!NAME_RULE.test(name)) {
      throw new JsRuntimeError(
        'INVALID_REQUEST',
        'name must have 1 to 256 characters, none of them a control character',
      );
    }
    if (typeof source !== 'string') throw new JsRuntimeError('INVALID_REQUEST', 'The script must be a string');
    if (!WRAPS.includes(wrap)) {
      throw new JsRuntimeError('INVALID_REQUEST', `wrap is ${JSON.stringify(wrap)}; allowed are ${WRAPS.join(', ')}`);
    }
    const sourceBytes = Buffer.byteLength(source);
    if (sourceBytes > maxSourceBytes) {
      throw new JsRuntimeError(
        'SCRIPT_TOO_LARGE',
        `The script has ${sourceBytes} bytes; allowed are ${maxSourceBytes}`,
        {
          limit: { name: 'maxSourceBytes', allowed: maxSourceBytes, used: sourceBytes },
        },
      );
    }
    const sourceHash = hash('sha256', source, 'hex');
    const id = cacheKey(this.#toolchain, tenantId, name, wrap, language, sourceHash);
    return Object.freeze({ id, name, sourceHash, wrap, language, tenantId, source, sourceBytes });
  }

  /** What a VM needs to run a script without compiling it, if that is known: nothing when it still holds the script. */
  async codeFor(
    script: CompiledScript,
    vm: Vm,
    maxMemoryMb: number,
  ): Promise<{ codeCache: Uint8Array | undefined; hit: boolean }> {
    const isHeld = vm.holds(script.id, maxMemoryMb);
    const codeCache = isHeld ? undefined : (await this.artifacts.get(script.tenantId, script.id))?.codeCache;
    const hit = isHeld || codeCache !== undefined;
    if (hit) this.#hits++;
    else this.#misses++;
    return { codeCache, hit };
  }

  /** Keeps code that a VM made on the way, for the tenant's other VMs. */
  async keep(script: CompiledScript, codeCache: Uint8Array | undefined): Promise<void> {
    const artifact = { codeCache, javascript: undefined, imports: [], compileMs: 0 };
    if (codeCache) await this.artifacts.set(script.tenantId, script.id, artifact);
  }
}

export function headerOf(script: CompiledScript): { key: string; name: string; wrap: CompiledScript['wrap'] } {
  return { key: script.id, name: script.name, wrap: script.wrap };
}

export function compilationFailed(error: ScriptErrorInfo): JsRuntimeError {
  const where = error.line === undefined ? '' : ` (line ${error.line}, column ${error.column})`;
  return new JsRuntimeError('COMPILATION_FAILED', `${error.name}: ${error.message}${where}`, { error });
}
