import { memoryLimitExceeded } from '../errors/explain-vm-gone.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import type { CompileReply } from '../process/vm-request.ts';
import type { ScriptErrorInfo } from '../protocol/messages.ts';
import { meteredCall, withinBudget, type Budget } from '../security/metered-call.ts';
import type { ArtifactCache } from './cache/artifact-cache.ts';
import type { Artifact } from './cache/artifact.ts';
import { LateError, within } from './cache/within.ts';
import { compilationFailed } from './compilation-failed.ts';
import type { CompiledScript } from './compiled-script.ts';

export interface FoundArtifact {
  readonly artifact: Artifact;
  /** Whether it was made for this, in this VM, which therefore holds the script. */
  readonly isNew: boolean;
}

/** What one search for an artifact came to, for all who wait for it. */
type Landing = { readonly artifact: Artifact } | { readonly error: ScriptErrorInfo };

/** Finds artifacts in the cache, and has those made that are not there: each by one VM, however many executions want it. */
export class ArtifactSource {
  /** Searches under way, by the script's id. They come to nothing when the one that made them fails for a reason of its own. */
  readonly #flights = new Map<string, Promise<Landing | undefined>>();

  constructor(
    private readonly cache: ArtifactCache,
    /** Told of the CPU time that each compilation took, in milliseconds. */
    private readonly onCompiled: (cpuMs: number) => void,
  ) {}

  /** @throws JsRuntimeError COMPILATION_FAILED, and what the VM and the budget may end with */
  async find(script: CompiledScript, vm: Vm, budget: Budget): Promise<FoundArtifact> {
    for (;;) {
      const flight = this.#flights.get(script.id);
      if (!flight) return this.#search(script, vm, budget);
      const landing = await landingOf(flight, budget, vm);
      if (landing === 'late') return this.#search(script, vm, budget);
      if (landing) return { artifact: artifactOf(landing, script), isNew: false };
    }
  }

  async #search(script: CompiledScript, vm: Vm, budget: Budget): Promise<FoundArtifact> {
    const flight = Promise.withResolvers<Landing | undefined>();
    this.#flights.set(script.id, flight.promise);
    let landing: Landing | undefined;
    try {
      const cached = await withinBudget(this.cache.get(script.tenantId, script.id), budget, vm);
      landing = cached ? { artifact: cached } : await this.#compile(script, vm, budget);
      const artifact = artifactOf(landing, script);
      if (!cached) await this.cache.set(script.tenantId, script.id, artifact);
      return { artifact, isNew: !cached };
    } finally {
      if (this.#flights.get(script.id) === flight.promise) this.#flights.delete(script.id);
      flight.resolve(landing);
    }
  }

  async #compile(script: CompiledScript, vm: Vm, budget: Budget): Promise<Landing> {
    const { id: key, name, wrap, language, source } = script;
    budget.tracker.hasCode('miss');
    const span = budget.trace?.begin('compile', script);
    const reply = await meteredCall(vm, budget, async (limits) =>
      vm.compile({ script: { key, name, wrap }, language, source, limits }),
    );
    this.onCompiled(reply.cpuMs);
    // Whatever else it is ends the operation, and the span with that.
    if (reply.outcome.kind === 'compiled') span?.end();
    return landingFrom(reply, name, vm, budget);
  }
}

/**
 * What a search comes to. Half of the time that is left is kept to search here: the VM that makes the artifact may be in the hands
 * of an attacker, and never answer.
 */
async function landingOf(
  flight: Promise<Landing | undefined>,
  budget: Budget,
  vm: Vm,
): Promise<Landing | 'late' | undefined> {
  try {
    return await withinBudget(within(budget.deadline.remainingMs / 2, flight), budget, vm);
  } catch (error) {
    if (error instanceof LateError) return 'late';
    throw error;
  }
}

function artifactOf(landing: Landing, script: CompiledScript): Artifact {
  if ('artifact' in landing) return landing.artifact;
  throw compilationFailed(landing.error, [script]);
}

/** @throws JsRuntimeError when it came to neither */
function landingFrom(reply: CompileReply, name: string, vm: Vm, budget: Budget): Landing {
  const { outcome } = reply;
  switch (outcome.kind) {
    case 'compiled':
      return { artifact: artifactFrom(reply, outcome.imports) };
    case 'not-compiled':
      return { error: outcome.error };
    case 'parser-overflowed':
      return {
        error: {
          name: 'SyntaxError',
          message: 'The TypeScript is nested too deep, or too much',
          stack: '',
          file: name,
        },
      };
    case 'out-of-memory':
      throw memoryLimitExceeded(budget.tracker.limits.maxMemoryMb, budget.tracker.used);
    case 'not-held':
      // Not even a hijacked VM gets this far with it.
      vm.kill('protocol');
      throw new JsRuntimeError('VM_CRASHED', 'The VM gave an answer that is none');
  }
}

function artifactFrom({ codeCache, javascript, cpuMs }: CompileReply, imports: readonly string[]): Artifact {
  return { codeCache, javascript, imports, compileMs: cpuMs };
}
