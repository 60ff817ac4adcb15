import { bridge } from './cases/bridge.ts';
import { cpu } from './cases/cpu.ts';
import { escape } from './cases/escape.ts';
import { executions } from './cases/executions.ts';
import { hostApiLeaks, hostApis } from './cases/host-apis.ts';
import { knownInWarmRealms } from './cases/known-in-warm-realms.ts';
import { memory } from './cases/memory.ts';
import { tenants } from './cases/tenants.ts';
import { warm } from './cases/warm.ts';
import { MemoryMeter } from './memory-meter.ts';
import { reportOf } from './report.ts';
import { runAttack, type Verdict } from './run-attack.ts';
import { Target } from './target.ts';

/** What a script may have, and what garbage collection and measuring may be late by: beyond it is a failure. */
const MAX_OVER_IDLE_MB = 64 + 96;

const verdicts: Verdict[] = [];

afterAll(() => {
  // Not the console of Jest, which would add where it was called from to every report.
  process.stdout.write(reportOf('Hostile scripts', verdicts));
});

describe.each([
  ['with VMs that are shared', 1, [executions, tenants, hostApiLeaks]],
  ['with several VMs', 2, [escape, bridge, hostApis, cpu, memory]],
  ['with realms that are kept', 1, [warm, ...knownInWarmRealms]],
])('The backend %s', (_, poolSize, tables) => {
  let target: Target;
  const meter = new MemoryMeter();

  beforeAll(async () => {
    target = await Target.start(poolSize, poolSize);
  });

  afterAll(async () => {
    await target.stop();
  });

  describe.each(tables.map((table) => [table.category, table] as const))('holds against: %s', (_category, table) => {
    it.each(table.attacks.map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
      const verdict = await runAttack(target, table, attack, meter);
      verdicts.push(verdict);
      expect(verdict.faults).toEqual([]);
      expect(verdict.peakMb ?? 0).toBeLessThanOrEqual(MAX_OVER_IDLE_MB);
    });
  });
});
