import { Inject, Injectable } from '@nestjs/common';
import { Deadline } from '../admission/deadline.ts';
import type { CompiledOptions } from '../config/options.schema.ts';
import { COMPILED_OPTIONS } from '../config/options.token.ts';
import { HEALTH_TENANT_ID } from '../config/tenant-policy.ts';
import { JsRuntimeError } from '../errors/js-runtime-error.ts';
import type { Vm } from '../pool/vm-factory.ts';
import { VmPoolService } from '../pool/vm-pool.service.ts';
import type { RunReply, RunUnit } from '../process/vm-request.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';

const SOURCE = '6 * 7';
const RESULT_JSON = '42';
const SCRIPT: RunUnit = {
  key: 'health',
  name: 'health.js',
  wrap: 'script',
  imports: [],
  sourceChars: SOURCE.length,
  code: { source: SOURCE, codeCache: undefined },
  compileMs: 0,
};
const CONTEXT_JSON = JSON.stringify({ tenant: { id: HEALTH_TENANT_ID } });

/** Waiting for a VM included. */
const TIMEOUT_MS = 2000;
/** Whoever asks within this time after an answer gets the same answer. */
const FRESH_MS = 1000;

export interface ScriptCheckResult {
  /** Why no script could be run; undefined when one was, and came to what it should. */
  readonly problem: string | undefined;
  /** Waiting for a VM included. */
  readonly tookMs: number;
}

/**
 * Runs a constant script in a VM of the pool, as an execution of a tenant of its own: it takes its turn, and gets no VM that
 * others are in. Below `ExecutionService`, so that nobody is asked about a tenant who is none, nothing is audited, and no usage,
 * execution or cache entry is counted. However often it is asked, it runs once at a time, and once a second.
 */
@Injectable()
export class ScriptCheck {
  #latest: Attempt | undefined;

  constructor(
    @Inject(COMPILED_OPTIONS) private readonly options: CompiledOptions,
    private readonly pool: VmPoolService,
  ) {}

  async run(): Promise<ScriptCheckResult> {
    if (this.#latest?.isFresh !== true) this.#latest = new Attempt(this.#run());
    return this.#latest.result;
  }

  async #run(): Promise<ScriptCheckResult> {
    const deadline = new Deadline(TIMEOUT_MS);
    let problem: string | undefined;
    try {
      problem = await this.pool.withVm(async ({ vm }) => this.#runIn(vm, deadline), {
        tenantId: HEALTH_TENANT_ID,
        deadline,
      });
    } catch (error) {
      problem = explain(error);
    }
    return { problem, tookMs: Math.round(deadline.elapsedMs) };
  }

  async #runIn(vm: Vm, { remainingMs }: Deadline): Promise<string | undefined> {
    // With the limits of all, so that no isolate has to be made anew for it.
    const limits = { ...this.options, timeoutMs: remainingMs };
    const reply = await vm.run({ units: [SCRIPT], contextJson: CONTEXT_JSON, inputJson: '', limits });
    const problem = problemOf(reply);
    if (problem !== undefined) vm.kill('unhealthy');
    return problem;
  }
}

/** One run, and whether it counts still: while it goes on, and for a while afterwards. */
class Attempt {
  #endedAt = Infinity;

  /** @param result does not reject */
  constructor(readonly result: Promise<ScriptCheckResult>) {
    void result.then(() => {
      this.#endedAt = performance.now();
    });
  }

  get isFresh(): boolean {
    return performance.now() < this.#endedAt + FRESH_MS;
  }
}

function problemOf({ outcome, resultJson }: RunReply): string | undefined {
  if (outcome.kind !== 'value') return `the script came to: ${outcome.kind}`;
  return resultJson === RESULT_JSON ? undefined : 'the script came to another result than it should';
}

function explain(error: unknown): string {
  if (error instanceof JsRuntimeError) return `no VM: ${error.code}`;
  if (error instanceof VmGoneError) return `the VM ended: ${error.reason}`;
  return 'no VM could be used';
}
