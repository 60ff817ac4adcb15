import { FakeVm } from '../../test-support/fake-vm-factory.ts';
import { runtimeErrorOf } from '../../test-support/start-runtime.ts';
import { Cancellation } from '../admission/cancellation.ts';
import { Deadline } from '../admission/deadline.ts';
import { compileOptions } from '../config/compile-options.ts';
import { limitsOf } from '../config/limits.ts';
import { VmGoneError } from '../process/vm-gone.error.ts';
import type { CompileReply, CompileRequest } from '../process/vm-request.ts';
import type { Budget } from '../security/metered-call.ts';
import { ResourceTracker } from '../security/resource-tracker.ts';
import { ArtifactCache } from './cache/artifact-cache.ts';
import { ArtifactSource } from './artifact-source.ts';
import type { CompiledScript } from './compiled-script.ts';
import { describeScript } from './describe-script.ts';
import { SharedArtifacts } from './cache/shared-artifacts.ts';

const options = compileOptions({ timeoutMs: 20_000 });
const COMPILED: CompileReply = {
  outcome: { kind: 'compiled', imports: [] },
  codeCache: Uint8Array.of(1, 2),
  javascript: undefined,
  cpuMs: 3,
  peakMemoryBytes: 4,
};
const NOT_COMPILED: CompileReply = {
  ...COMPILED,
  outcome: { kind: 'not-compiled', error: { name: 'SyntaxError', message: 'no', stack: '', line: 1, column: 1 } },
};

/** Compiles when the test says so, and ends at its deadline, as every VM does. */
class SlowVm extends FakeVm {
  readonly asked: PromiseWithResolvers<CompileReply>[] = [];

  override async compile({ limits }: CompileRequest): Promise<never> {
    const reply = Promise.withResolvers<CompileReply>();
    this.asked.push(reply);
    setTimeout(() => {
      this.kill('wall');
      reply.reject(new VmGoneError('wall'));
    }, limits.timeoutMs).unref();
    return reply.promise as Promise<never>;
  }
}

describe('ArtifactSource', () => {
  let source: ArtifactSource;
  let cache: ArtifactCache;
  let vms: SlowVm[];
  let script: CompiledScript;

  beforeEach(() => {
    cache = new ArtifactCache(options, new SharedArtifacts(options));
    source = new ArtifactSource(cache, () => undefined);
    vms = [new SlowVm('vm-1', 1), new SlowVm('vm-2', 2), new SlowVm('vm-3', 3)];
    script = describeScript('toolchain', 'acme', 'a.js', '1', {}, options);
  });

  const vm = (index: number): SlowVm => vms[index] ?? new SlowVm('none', 0);
  const budget = (timeoutMs = 20_000, signal?: AbortSignal): Budget => ({
    tracker: new ResourceTracker({ ...limitsOf(options), timeoutMs }),
    deadline: new Deadline(timeoutMs),
    signal: new Cancellation(signal),
  });
  const find = async (index: number, use = budget()): ReturnType<ArtifactSource['find']> =>
    source.find(script, vm(index), use);
  const compilesAsked = (): number => vms.reduce((sum, { asked }) => sum + asked.length, 0);
  const untilAsked = async (count: number): Promise<void> => {
    while (compilesAsked() < count) await new Promise((resolve) => setImmediate(resolve));
  };

  it('has a script compiled once, in one VM, for all who want it at the same time', async () => {
    const budgets = [budget(), budget(), budget()];
    const finds = budgets.map(async (use, index) => find(index, use));
    await untilAsked(1);
    vm(0).asked[0]?.resolve(COMPILED);
    const found = await Promise.all(finds);
    expect(found.map(({ isNew }) => isNew)).toEqual([true, false, false]);
    expect(found.map(({ artifact }) => artifact.codeCache)).toEqual(Array(3).fill(Uint8Array.of(1, 2)));
    expect(compilesAsked()).toBe(1);
    expect(budgets.map(({ tracker }) => tracker.used?.cpuMs)).toEqual([3, undefined, undefined]);
    await expect(find(1)).resolves.toMatchObject({ isNew: false, artifact: { compileMs: 3 } });
  });

  it('tells all of them why it does not compile, each by an error of its own', async () => {
    const finds = [0, 1].map(async (index) => runtimeErrorOf(find(index)));
    await untilAsked(1);
    vm(0).asked[0]?.resolve(NOT_COMPILED);
    const [first, second] = await Promise.all(finds);
    expect(first).toMatchObject({ code: 'COMPILATION_FAILED', message: 'SyntaxError: no (a.js:1:1)' });
    expect(second).toMatchObject({ code: 'COMPILATION_FAILED', message: 'SyntaxError: no (a.js:1:1)' });
    expect(second).not.toBe(first);
    expect(cache.stats().entries).toBe(0);
  });

  it('lets another one try when the first fails for a reason of its own', async () => {
    const first = runtimeErrorOf(find(0));
    const others = [find(1), find(2)];
    await untilAsked(1);
    vm(0).asked[0]?.reject(new VmGoneError('memory'));
    await expect(first).resolves.toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED' });
    await untilAsked(2);
    [vm(1), vm(2)].find(({ asked }) => asked.length > 0)?.asked[0]?.resolve(COMPILED);
    const found = await Promise.all(others);
    expect(found.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
    expect(compilesAsked()).toBe(2);
  });

  it('waits for others no longer than the budget lasts, and takes nothing from them', async () => {
    const first = find(0);
    await untilAsked(1);
    const controller = new AbortController();
    const [late, cancelled] = [
      runtimeErrorOf(find(1, budget(1))),
      runtimeErrorOf(find(2, budget(20_000, controller.signal))),
    ];
    await expect(late).resolves.toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED' });
    controller.abort();
    await expect(cancelled).resolves.toMatchObject({ code: 'CANCELLED' });
    vm(0).asked[0]?.resolve(COMPILED);
    await expect(first).resolves.toMatchObject({ isNew: true });
  });

  it('ends the VM in which its own compilation is cancelled', async () => {
    const controller = new AbortController();
    const found = runtimeErrorOf(find(0, budget(20_000, controller.signal)));
    await untilAsked(1);
    controller.abort();
    await expect(vm(0).exited).resolves.toMatchObject({ reason: 'cancelled' });
    vm(0).asked[0]?.reject(new VmGoneError('cancelled'));
    await expect(found).resolves.toMatchObject({ code: 'CANCELLED' });
  });

  it.each([
    ['out of memory', { kind: 'out-of-memory' }, 'MEMORY_LIMIT_EXCEEDED', true],
    ['of a parser that overflowed', { kind: 'parser-overflowed' }, 'COMPILATION_FAILED', true],
    ['that is none', { kind: 'not-held' }, 'VM_CRASHED', false],
  ] as const)('knows an answer %s', async (_, outcome, code, lives) => {
    const found = runtimeErrorOf(find(0));
    await untilAsked(1);
    vm(0).asked[0]?.resolve({ ...COMPILED, outcome });
    await expect(found).resolves.toMatchObject({ code });
    // VmProcess has ended it for the first two.
    expect(vm(0).alive).toBe(lives);
  });

  it('starts nothing when the time is up already', async () => {
    const over = budget(1);
    while (!over.deadline.isOver) await new Promise((resolve) => setImmediate(resolve));
    await expect(runtimeErrorOf(find(0, over))).resolves.toMatchObject({ code: 'WALL_TIME_LIMIT_EXCEEDED' });
    expect(compilesAsked()).toBe(0);
  });
});
