import type { RetireReason } from './retire-reason.ts';

/**
 * Why a process ended that nobody had told to. It aborts when memory is refused to V8, to Node or to isolated-vm, by the
 * kernel or because their own limits are reached. Nothing else is known by which a script could make it abort: what V8 finds
 * wrong with itself is a trap (SIGTRAP, SIGILL), and a bad access is SIGSEGV. A process that an attacker owns can choose how it dies, but
 * gains nothing by it.
 *
 * @param wasFull whether it had more memory than its request may have when it was last seen
 */
export function reasonOfOwnDeath(signal: NodeJS.Signals | null, wasFull: boolean): RetireReason {
  if (signal === 'SIGABRT') return 'memory';
  // Where memory is refused to code that does not expect it. What kills from outside comes as SIGKILL or SIGTERM.
  return wasFull && signal !== null && FAULTS.has(signal) ? 'memory' : 'crashed';
}

const FAULTS: ReadonlySet<NodeJS.Signals> = new Set(['SIGSEGV', 'SIGTRAP', 'SIGILL', 'SIGBUS']);
