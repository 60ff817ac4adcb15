import type { RetireReason } from './retire-reason.ts';

/**
 * Why a process ended that nobody had told to. It aborts when memory is refused to V8, to Node or to isolated-vm, by the
 * kernel or because their own limits are reached. Nothing else is known by which a script could make it abort: what V8 finds
 * wrong with itself is a trap (SIGTRAP, SIGILL), and a bad access is SIGSEGV. A process that an attacker owns can choose how it dies, but
 * gains nothing by it.
 */
export function reasonOfOwnDeath(signal: NodeJS.Signals | null): RetireReason {
  return signal === 'SIGABRT' ? 'memory' : 'crashed';
}
