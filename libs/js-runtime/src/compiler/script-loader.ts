import type { Vm } from '../pool/vm-factory.ts';
import type { RunUnit, UnitCode } from '../process/vm-request.ts';
import type { Budget } from '../security/metered-call.ts';
import type { Artifact } from './cache/artifact.ts';
import type { ArtifactSource } from './artifact-source.ts';
import type { CompileCounts } from './compile-counts.ts';
import type { CompiledScript } from './compiled-script.ts';
import { ModuleFinder, type ModuleLookup } from './module-finder.ts';

/** A script with everything that it imports, ready to be sent to one VM. */
export interface LoadedScript {
  readonly units: readonly RunUnit[];
  /** What the units were made of, one by one. */
  readonly scripts: readonly CompiledScript[];
}

interface Unit extends Omit<RunUnit, 'imports'> {
  readonly specifiers: readonly string[];
}

/**
 * Brings together what one VM needs to run a script, for one execution or compilation. Whatever is not compiled yet is compiled in
 * this VM.
 */
export class ScriptLoader {
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

  /**
   * @returns at once when it is a script alone, and the VM holds it
   * @throws JsRuntimeError COMPILATION_FAILED, SCRIPT_TOO_LARGE, and what ends a VM; whatever the resolver throws
   */
  load(script: CompiledScript, lookup: ModuleLookup): LoadedScript | Promise<LoadedScript> {
    if (script.wrap === 'module') return this.#loadModules(script, lookup);
    const unit = this.#heldUnitOf(script);
    return unit
      ? this.#loadedAlone(script, unit)
      : this.#unitOf(script).then((made) => this.#loadedAlone(script, made));
  }

  async #loadModules(script: CompiledScript, lookup: ModuleLookup): Promise<LoadedScript> {
    const finder = new ModuleFinder(script, lookup, this.vm, this.budget);
    const units: RunUnit[] = [];
    // Grows on the way.
    for (const module of finder.modules) {
      const { specifiers, ...unit } = await this.#unitOf(module);
      units.push({ ...unit, imports: await finder.findAll(module, specifiers) });
    }
    return { units, scripts: finder.modules };
  }

  /** The same once more, for a VM that does not hold what it was taken to hold: now with all code. @throws as `load` does */
  async withCode({ units, scripts }: LoadedScript): Promise<LoadedScript> {
    const complete: RunUnit[] = [];
    for (const [index, unit] of units.entries()) {
      const script = scripts[index];
      complete.push(unit.code || !script ? unit : { ...unit, code: await this.#codeOf(script, unit) });
    }
    return { units: complete, scripts };
  }

  #heldUnitOf({ id: key, name, wrap, source }: CompiledScript): Unit | undefined {
    const held = this.#held(key);
    if (!held) return undefined;
    this.counts.hit(held.compileMs);
    return { key, name, wrap, sourceChars: source.length, specifiers: held.imports, compileMs: held.compileMs };
  }

  async #unitOf(script: CompiledScript): Promise<Unit> {
    const heldUnit = this.#heldUnitOf(script);
    if (heldUnit) return heldUnit;
    const { id: key, name, wrap } = script;
    const sourceChars = script.source.length;
    const { artifact, isNew } = await this.artifacts.find(script, this.vm, this.budget);
    if (!isNew && artifact.codeCache) this.counts.hit(artifact.compileMs);
    else {
      // Without a code cache, as for modules, V8 has to compile what is known to compile.
      this.budget.tracker.hasCode('miss');
      this.counts.miss();
    }
    const { imports: specifiers, compileMs } = artifact;
    // The VM that has just made it holds it.
    const code = this.#held(key) ? undefined : codeOf(script, artifact);
    return { key, name, wrap, sourceChars, specifiers, compileMs, code };
  }

  async #codeOf(script: CompiledScript, { compileMs }: RunUnit): Promise<UnitCode> {
    const { artifact, isNew } = await this.artifacts.find(script, this.vm, this.budget);
    if (isNew || !artifact.codeCache) {
      // It was taken to be there.
      this.budget.tracker.hasCode('miss');
      this.counts.refused(compileMs);
    }
    return codeOf(script, artifact);
  }

  #loadedAlone(script: CompiledScript, { key, name, wrap, sourceChars, compileMs, code }: Unit): LoadedScript {
    return { units: [{ key, name, wrap, sourceChars, compileMs, code, imports: [] }], scripts: [script] };
  }

  #held(key: string): ReturnType<Vm['held']> {
    return this.vm.held(key, this.budget.tracker.limits.maxMemoryMb);
  }
}

function codeOf({ source }: CompiledScript, { javascript = source, codeCache }: Artifact): UnitCode {
  return { source: javascript, codeCache };
}
