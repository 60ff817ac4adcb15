import { comesToRest, outcomeOf, startLibrary } from '../library.ts';
import { EXPECTED, SCRIPT } from '../trivial-script.ts';

/** What a request asks for. */
export interface Work {
  readonly script: string;
  /** What it must come to, if anything. */
  readonly value?: number;
  readonly timeoutMs?: number;
}

export const TRIVIAL: Work = { script: SCRIPT, value: EXPECTED };
export const ENDLESS: Work = { script: 'while (true) {}', timeoutMs: 500 };

/** What is under load. */
export interface Target {
  readonly title: string;
  /** Gives how it ended: `OK`, an error code, or something that may not be. Never fails. */
  request(tenantId: string, work: Work): Promise<string>;
  /** Resolves when nothing of the load is left. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

/** How much may run and wait. */
export interface Bounds {
  readonly poolSize: number;
  readonly tenantConcurrency: number;
  readonly tenantQueueSize: number;
  readonly queueSize: number;
  readonly timeoutMs: number;
}

const REST_MS = 60_000;

/**
 * The library, in the same process as the load. To hand a request to another process and its answer back would take longer than
 * to refuse it, so that the way would be measured; a call takes next to nothing, and no CPU from the VMs.
 */
export async function startInProcess(bounds: Bounds): Promise<Target> {
  const library = await startLibrary(bounds);
  return {
    title: 'ExecutionService, in the process of the load',
    request: async (tenantId, { script, value, timeoutMs }) => {
      const limits = timeoutMs === undefined ? undefined : { limits: { timeoutMs } };
      const execution = library.runAs(tenantId, script, limits);
      const outcome = await outcomeOf(execution);
      if (outcome !== 'OK' || value === undefined) return outcome;
      const { value: result } = await execution;
      return result === value ? outcome : `wrong result: ${String(result)}`;
    },
    rest: async () => {
      if (!(await comesToRest(library.pool, bounds.poolSize, REST_MS))) throw new Error('the pool does not recover');
    },
    close: () => library.close(),
  };
}
