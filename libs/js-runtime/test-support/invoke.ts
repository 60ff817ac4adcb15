import type { RunOutcome } from '../src/protocol/messages.ts';
import type { InvocationRequest } from '../src/process/invocation-line.ts';
import type { VmProcess } from '../src/process/vm-process.ts';
import { LIMITS, LONG_MS, request } from './use-vm-processes.ts';

/** Of the realm that is kept. */
const KEY = 'key 1';

/** What one invocation comes to: what its outcome is, or what its VM has ended for, or that it has not begun. */
export async function invoke(
  vm: VmProcess,
  input: unknown,
  limits: Partial<InvocationRequest['limits'] & { timeoutMs: number }> = {},
): Promise<string> {
  const realm = vm.warmRealm(KEY, LIMITS.maxMemoryMb);
  if (realm === undefined) return 'no realm';
  return new Promise((resolve) => {
    vm.invoke(realm, {
      executionId: 'e',
      timeoutMs: limits.timeoutMs ?? LONG_MS,
      deadlineMs: LONG_MS,
      contextJson: '{}',
      inputJson: JSON.stringify(input),
      limits: { ...LIMITS, maxApiArgumentBytes: 10, ...limits },
      onCall: undefined,
      onReply: ({ outcome, resultJson }: { outcome: RunOutcome; resultJson: string }) => {
        resolve(outcome.kind === 'value' ? resultJson : outcome.kind);
      },
      onRecalled: () => {
        resolve('recalled');
      },
      onGone: ({ reason, isForAnother }, hasBegun) => {
        const why = isForAnother ? `${reason} of another` : reason;
        resolve(hasBegun ? why : 'not begun');
      },
    });
  });
}

/** Runs a function, whose realm is kept. */
export async function keep(vm: VmProcess, body: string): Promise<void> {
  await vm.run({ ...request(body, {}, 'function'), inputJson: '0', keepAs: { key: KEY, tenantId: 'acme' } });
}
