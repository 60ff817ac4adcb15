import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ExecuteOptions, ModuleRequest, ModuleResolver, ModuleSource, PoolStats } from 'nestjs-js-runtime';
import { startRuntime, until, type TestRuntime } from '../../../libs/js-runtime/test-support/start-runtime.ts';
import { JsRuntimeError } from '../../../libs/js-runtime/src/errors/js-runtime-error.ts';
import { CALL_LIMITS, protocolCalls } from '../cases/protocol-calls.ts';
import { protocol, type ProtocolAttack } from '../cases/protocol.ts';
import { FIRST_VALUE, protocolWarm } from '../cases/protocol-warm.ts';
import { reportOf } from '../report.ts';
import { faultOf, outcomeOf, type Verdict } from '../run-attack.ts';
import type { Answer } from '../target.ts';
import { BaitApi } from './attacked-apis.ts';
import { HostileVmFactory } from './hostile-vm-factory.ts';

/** How the fake VM gets ready when its start is none of its attack. */
const READY = [{ send: { type: 'ready' } }];
/** Shares its VMs' processes with nobody. */
const CAUTIOUS = 'bob';
/** So long that it never passes. */
const LONG_MS = 20_000;
/** A few times what the largest message has, or as many answers as may be under way. */
const MAX_BUFFERED_MB = 24;

const verdicts: Verdict[] = [];
const { pid } = process;

afterAll(() => {
  process.stdout.write(reportOf('Hostile VM processes', verdicts));
});

let modules = 0;

/** Has few modules; one of them is another one each time. */
class Modules implements ModuleResolver {
  resolve({ specifier, importer }: ModuleRequest): ModuleSource | undefined {
    if (specifier === 'self') return { name: importer, source: '1' };
    if (specifier === 'known') return { name: 'known.js', source: `export default ${++modules}` };
    return specifier === 'endless' ? { name: `module-${++modules}.js`, source: 'export default 1' } : undefined;
  }
}

describe('A backend whose VM process is in the hands of an attacker holds against', () => {
  let runtime: TestRuntime;

  beforeAll(async () => {
    const options = {
      poolSize: 1,
      maxVms: 1,
      maxResultBytes: 64 * 1024,
      // Also how long a VM may take to forget its tenant, which hostile ones do not do.
      vmCreateTimeoutMs: 2000,
      permissions: ['*', '!bait:denied'],
      ...CALL_LIMITS,
      maxApiResultBytes: 2 ** 20,
      tenants: { [CAUTIOUS]: { tenantBoundary: 'process' as const } },
    };
    runtime = await startRuntime(options, { vmFactory: HostileVmFactory, moduleResolver: Modules }, [BaitApi]);
  });

  afterAll(async () => {
    await runtime.close();
  });

  it.each([...protocol, ...protocolCalls, ...protocolWarm].map((attack) => [attack.name, attack] as const))(
    '%s',
    async (_, attack) => {
      const loop = monitorEventLoopDelay({ resolution: 1 });
      BaitApi.reset();
      const before = await takeVm(attack);
      loop.enable();
      const peakMb = watchBuffers();
      const { script = '1', read } = attack;
      // No other attack's: what has been compiled before is not compiled again.
      const name = `attack-${verdicts.length}.js`;
      const faults = [];
      if (attack.onInvokes) {
        const first = await run('mallory', script, LONG_MS, { ...read, name });
        const fault = faultOf(first, { value: FIRST_VALUE });
        if (fault !== undefined) faults.push(`the first run: ${fault}`);
      }
      const answer = await run('mallory', script, attack.reason === 'wall' ? 400 : LONG_MS, { ...read, name });
      loop.disable();
      const bufferedMb = peakMb();
      // One that could not be started has been replaced by a real one.
      if (HostileVmFactory.pid === 0 && attack.atStart === undefined) faults.push('there was no hostile VM');
      const fault = faultOf(answer, attack.expected);
      if (fault !== undefined) faults.push(fault);

      const tenant = attack.nextWantsProcess ? CAUTIOUS : 'alice';
      const benign = await run(tenant, '[context.tenant.id, typeof {}.polluted, 6 * 7]', LONG_MS);
      const benignFault = faultOf(benign, { value: [tenant, 'undefined', 42] });
      if (benignFault !== undefined) faults.push(`the benign script: ${benignFault}`);
      await until(() => isGone(HostileVmFactory.pid));
      const after = runtime.pool.stats();
      // A VM that never was ready is no VM that ended; what comes right after may be read together with it.
      const hasNotStarted = attack.atStart !== undefined && after.errors > before.errors;
      const hasEnded =
        attack.reason !== 'start' && after.destroyedBy[attack.reason] > before.destroyedBy[attack.reason];
      if (!hasNotStarted && !hasEnded)
        faults.push(`the VM did not end for ${attack.reason}: ${JSON.stringify(after.destroyedBy)}`);
      if (process.pid !== pid) faults.push('the backend is not the same process');

      if (BaitApi.calls > (attack.maxCalls ?? Infinity)) faults.push(`${BaitApi.calls} calls of host APIs were let in`);
      const told = BaitApi.signals.filter(({ aborted }) => aborted).length;
      const waiting = attack.waitingCalls ?? BaitApi.signals.length;
      if (told !== waiting) faults.push(`${told} of ${waiting} methods were told that it is over`);
      if (bufferedMb > MAX_BUFFERED_MB) faults.push(`the backend buffered ${bufferedMb.toFixed(1)} MB`);

      const isAccepted = 'value' in attack.expected && attack.reason !== 'protocol';
      const stopped = attack.reason === 'protocol' ? 'protocol' : `process (${attack.reason})`;
      verdicts.push({
        category: 'protocol',
        name: attack.name,
        outcome: `${outcomeOf(answer)}; event loop held for ${(loop.max / 1e6).toFixed(0)} ms`,
        wall: isAccepted ? `${stopped}, before the next tenant` : stopped,
        ms: answer.ms,
        faults,
      });
      expect(faults).toEqual([]);
    },
  );

  /** Ends the VM that is there, waits until the hostile one has taken its place, and tells how the pool was until then. */
  async function takeVm({ atStart = READY, ...attack }: ProtocolAttack): Promise<PoolStats> {
    for (const vm of runtime.pool.vms()) process.kill(vm.pid, 'SIGKILL');
    const { onCompile, onRun, onInvokes, onNext = [], onAnswers, goesOn } = attack;
    const onLater = goesOn ? Array.from({ length: 99 }, () => onRun) : [onRun, onNext];
    HostileVmFactory.plan = {
      atStart,
      ...(onInvokes && { onInvokes }),
      ...(onAnswers && { onAnswers }),
      ...(onCompile ? { onRequests: [onCompile, ...onLater] } : { onRequests: onLater, compiles: true }),
    };
    HostileVmFactory.pid = 0;
    await until(() => runtime.pool.vms().length === 0);
    const before = runtime.pool.stats();
    await until(() => HostileVmFactory.plan === undefined && runtime.pool.stats().available === 1);
    // What it does then is seen before there is any work for it, or after it has already been replaced.
    if (atStart !== READY) await until(() => isGone(HostileVmFactory.pid) && runtime.pool.stats().available === 1);
    return before;
  }

  async function run(tenant: string, script: string, timeoutMs: number, options: ExecuteOptions = {}): Promise<Answer> {
    const startedAt = performance.now();
    const body = await runtime.runAs(tenant, script, { ...options, limits: { timeoutMs } }).then(
      ({ value }) => ({ result: value }),
      (error: unknown) => {
        if (!(error instanceof JsRuntimeError)) throw error;
        return { code: error.code, detail: error.message };
      },
    );
    const status = 'code' in body ? 422 : 200;
    return { status, body, text: JSON.stringify(body), ms: performance.now() - startedAt };
  }
});

/** @returns by how much the buffers of this process have grown at most since; to be called once */
function watchBuffers(): () => number {
  const atStart = process.memoryUsage().arrayBuffers;
  let peak = atStart;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  };
  const timer = setInterval(look, 1);
  return () => {
    look();
    clearInterval(timer);
    return (peak - atStart) / 2 ** 20;
  };
}

/** Also of a process that never was ready. */
function isGone(hostilePid: number): boolean {
  if (hostilePid === 0) return true;
  try {
    process.kill(hostilePid, 0);
    return false;
  } catch {
    return true;
  }
}
