import { moduleBombs } from '../cases/module-bombs.ts';
import { moduleErrors } from '../cases/module-errors.ts';
import { moduleLeaks } from '../cases/module-leaks.ts';
import { moduleRealm } from '../cases/module-realm.ts';
import { modules } from '../cases/modules.ts';
import { typescript } from '../cases/typescript.ts';
import { MemoryMeter } from '../memory-meter.ts';
import { reportOf } from '../report.ts';
import { runAttack, type Verdict } from '../run-attack.ts';
import { ModuleTarget } from './module-target.ts';

/** What a script may have, and what garbage collection and measuring may be late by: beyond it is a failure. */
const MAX_OVER_IDLE_MB = 64 + 96;

const verdicts: Verdict[] = [];

afterAll(() => {
  process.stdout.write(reportOf('Hostile modules', verdicts));
});

describe.each([
  ['with VMs that are shared', 1, [moduleLeaks]],
  ['with several VMs', 2, [modules, moduleRealm, moduleErrors, moduleBombs, typescript]],
])('The library %s', (_, poolSize, tables) => {
  let target: ModuleTarget;
  const meter = new MemoryMeter();

  beforeAll(async () => {
    target = await ModuleTarget.start(poolSize);
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
