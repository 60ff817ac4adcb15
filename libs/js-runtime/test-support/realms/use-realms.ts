import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childCommand } from '../../src/process/child-command.ts';
import { VmProcess } from '../../src/process/vm-process.ts';
import { expectNoProcess, KIB, LONG_MS, request } from '../use-vm-processes.ts';
import type { BodyOutcome, PlanOutcome, RealmPlan } from './realm-vm.ts';

export interface Realms {
  /** Runs function bodies one after the other in one realm, and in another as soon as that is not intact any more. */
  readonly carryOut: (plan: RealmPlan) => Promise<PlanOutcome>;
  /** What the last of them comes to. */
  readonly lastOf: (realm: RealmPlan['realm'], ...bodies: readonly string[]) => Promise<BodyOutcome | undefined>;
}

const MAX_MEMORY_MB = 256;

/** Realms in one VM process, for all tests of this file. */
export function useRealms(): Realms {
  let vm: VmProcess;
  beforeAll(async () => {
    vm = await VmProcess.start({ id: 'vm-1', startTimeoutMs: LONG_MS, command: command() });
  });
  afterAll(async () => {
    vm.kill('shutdown');
    await vm.exited;
    expectNoProcess(vm.pid);
  });

  const carryOut: Realms['carryOut'] = async (plan) => {
    const limits = { timeoutMs: LONG_MS, maxCpuMs: LONG_MS, maxMemoryMb: MAX_MEMORY_MB, maxResultBytes: 8 * KIB * KIB };
    const { resultJson } = await vm.run({ ...request('', limits), contextJson: JSON.stringify(plan) });
    return JSON.parse(resultJson) as PlanOutcome;
  };
  return {
    carryOut,
    lastOf: async (realm, ...bodies) => (await carryOut({ realm, bodies })).outcomes.at(-1),
  };
}

/** The command line of a VM process, with other code, which it may read. */
function command(): ReturnType<typeof childCommand> {
  const ofVm = childCommand({ maxMemoryMb: MAX_MEMORY_MB, stackSizeKb: 984 });
  const directory = fileURLToPath(new URL('.', import.meta.url));
  const args = ofVm.args.map((arg) =>
    arg.endsWith(join('sandbox', 'main.ts')) ? join(directory, 'realm-vm.ts') : arg,
  );
  args.splice(args.indexOf('--permission'), 0, `--allow-fs-read=${directory}`);
  return { ...ofVm, args };
}
