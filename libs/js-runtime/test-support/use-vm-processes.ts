import { fileURLToPath } from 'node:url';
import { childCommand, type ChildCommand } from '../src/process/child-command.ts';
import type { RetireReason } from '../src/process/retire-reason.ts';
import { VmGoneError } from '../src/process/vm-gone.error.ts';
import { VmProcess, type VmProcessOptions } from '../src/process/vm-process.ts';
import type { CompileRequest, RunRequest, RunUnit } from '../src/process/vm-request.ts';
import type { ScriptWrap } from '../src/protocol/messages.ts';
import type { FakeAction, FakePlan } from './fake-vm.ts';

export const KIB = 1024;
/** So long that it never passes in a test that does not wait for it. */
export const LONG_MS = 20_000;
export const READY: FakeAction = { send: { type: 'ready' } };

export interface VmProcesses {
  /**
   * Starts a real VM process, or what `options.command` says. It sees to its deadlines itself, and has the time for it, however
   * long it waits for a CPU.
   */
  readonly start: (options?: Partial<VmProcessOptions>) => Promise<VmProcess>;
  /** Starts a fake that is ready and then treats its requests as told; it is killed as soon as others are that do not answer. */
  readonly startFake: (...onRequests: readonly (readonly FakeAction[])[]) => Promise<VmProcess>;
}

/** Processes that are ended, and proved to be gone, after each test of this file. */
export function useVmProcesses(): VmProcesses {
  const started: VmProcess[] = [];
  const start: VmProcesses['start'] = async (options = {}) => {
    const command = options.command ?? childCommand({ maxMemoryMb: 16, stackSizeKb: 984 });
    const vm = await VmProcess.start({
      id: 'vm-1',
      startTimeoutMs: LONG_MS,
      killGraceMs: LONG_MS,
      ...options,
      command,
    });
    started.push(vm);
    return vm;
  };

  afterEach(async () => {
    for (const vm of started.splice(0)) {
      vm.kill('shutdown');
      await vm.exited;
      expectNoProcess(vm.pid);
    }
  });

  return {
    start,
    startFake: async (...onRequests) =>
      start({ command: fake({ atStart: [READY], onRequests }), killGraceMs: undefined }),
  };
}

export function fake(plan: FakePlan): ChildCommand {
  const program = fileURLToPath(new URL('fake-vm.ts', import.meta.url));
  return { file: process.execPath, args: [program, JSON.stringify(plan)] };
}

export const LIMITS: RunRequest['limits'] = {
  timeoutMs: LONG_MS,
  maxCpuMs: LONG_MS,
  maxMemoryMb: 16,
  maxResultBytes: KIB,
  maxLogBytes: KIB,
  maxLogEntries: 10,
};

export function request(
  source: string,
  limits: Partial<RunRequest['limits']> = {},
  wrap: ScriptWrap = 'script',
): CompileRequest & RunRequest {
  const script = { key: `${wrap}:${source}`, name: 'test.js', wrap };
  return {
    script,
    language: 'javascript',
    source,
    units: [unitOf({ ...script, source })],
    contextJson: '{}',
    inputJson: '',
    limits: { ...LIMITS, ...limits },
  };
}

export function unitOf({
  source,
  codeCache,
  ...header
}: Omit<RunUnit, 'code' | 'imports' | 'compileMs' | 'sourceChars'> & Partial<RunUnit> & UnitCodeOf): RunUnit {
  return { imports: [], compileMs: 1, sourceChars: source.length, ...header, code: { source, codeCache } };
}

interface UnitCodeOf {
  readonly source: string;
  readonly codeCache?: Uint8Array | undefined;
}

export async function expectGone(work: Promise<unknown>, reason: RetireReason): Promise<void> {
  await expect(work).rejects.toBeInstanceOf(VmGoneError);
  await expect(work).rejects.toMatchObject({ reason });
}

export function expectNoProcess(pid: number): void {
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
}
