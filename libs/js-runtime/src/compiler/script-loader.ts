import type { Vm } from '../pool/vm-factory.ts';
import type { RunUnit } from '../process/vm-request.ts';
import type { Budget } from '../security/metered-call.ts';
import type { Artifact } from './cache/artifact.ts';
import type { ArtifactSource } from './artifact-source.ts';
import type { SourceText } from './compilation-failed.ts';
import type { CompileCounts } from './compile-counts.ts';
import type { CompiledScript } from './compiled-script.ts';
import { ModuleFinder, type FindModule } from './module-finder.ts';

/** A script with everything that it imports, ready to be sent to one VM. */
export interface LoadedScript {
  readonly units: readonly RunUnit[];
  readonly sources: SourceText;
}

interface Unit extends Omit<RunUnit, 'imports'> {
  readonly specifiers: readonly string[];
}

/**
 * Brings together what one VM needs to run a script, for one execution or compilation. Whatever is not compiled yet is compiled in
 * this VM.
 */
export class ScriptLoader {
  /** Made on the way. A VM may have lost them again, and there may be no cache. */
  readonly #made = new Map<string, Artifact>();

  constructor(
    private readonly artifacts: ArtifactSource,
    private readonly vm: Vm,
    private readonly budget: Budget,
    private readonly counts: CompileCounts,
  ) {}

  /** The script alone, without what it imports. @throws JsRuntimeError COMPILATION_FAILED and what ends a VM */
  async loadAlone(script: CompiledScript): Promise<void> {
    await this.#unitOf(script);
  }

  /** @throws JsRuntimeError COMPILATION_FAILED, SCRIPT_TOO_LARGE, and what ends a VM; whatever the resolver throws */
  async load(script: CompiledScript, findModule: FindModule): Promise<LoadedScript> {
    const finder = new ModuleFinder(script, findModule, this.budget);
    const units: RunUnit[] = [];
    // Grows on the way.
    for (const module of finder.modules) {
      const { specifiers, ...unit } = await this.#unitOf(module);
      units.push({ ...unit, imports: await finder.findAll(module, specifiers) });
    }
    const sources = new Map(finder.modules.map(({ name, source }) => [name, source]));
    return { units, sources };
  }

  async #unitOf(script: CompiledScript): Promise<Unit> {
    const { id: key, name, wrap, source } = script;
    const held = this.vm.held(key, this.budget.tracker.limits.maxMemoryMb);
    if (held) {
      if (!this.#made.has(key)) this.counts.hit(held.compileMs);
      return { key, name, wrap, specifiers: held.imports, compileMs: held.compileMs };
    }
    const artifact = this.#made.get(key) ?? (await this.#find(script));
    const { codeCache, javascript = source, imports: specifiers, compileMs } = artifact;
    // The VM that has just made it holds it.
    const isHeld = this.vm.held(key, this.budget.tracker.limits.maxMemoryMb) !== undefined;
    return { key, name, wrap, specifiers, compileMs, ...(!isHeld && { code: { source: javascript, codeCache } }) };
  }

  async #find(script: CompiledScript): Promise<Artifact> {
    const { artifact, isNew } = await this.artifacts.find(script, this.vm, this.budget);
    if (isNew) this.#made.set(script.id, artifact);
    if (!isNew && artifact.codeCache) this.counts.hit(artifact.compileMs);
    else {
      // Without a code cache, as for modules, V8 has to compile what is known to compile.
      this.budget.tracker.hasCode('miss');
      this.counts.miss();
    }
    return artifact;
  }
}
