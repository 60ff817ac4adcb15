import type { Attack, Expected, Step, Table } from './attack.ts';
import { functionBodyOf } from './function-body.ts';

/** What the steps of an attack come to in a warm realm, where that is something else; a text says why it is left out. */
export type Difference = string | { readonly first?: Expected; readonly last?: Expected };

/**
 * The attacks of a table in warm realms, each twice: the second time, in the realm that the first has left. Classic scripts are
 * made function bodies.
 */
export function inWarmRealms(table: Table, differences: Readonly<Record<string, Difference>>): Table {
  const unknown = Object.keys(differences).filter((name) => !table.attacks.some((attack) => attack.name === name));
  if (unknown.length > 0) throw new Error(`no attacks of the table '${table.category}': ${unknown.join(', ')}`);
  const attacks = table.attacks.flatMap((attack) => {
    const differs = differences[attack.name] ?? {};
    return typeof differs === 'string' ? [] : [twice(attack, differs)];
  });
  return { ...table, category: `${table.category}, in warm realms`, attacks };
}

function twice({ steps, ...attack }: Attack, { first, last }: Exclude<Difference, string>): Attack {
  const warm = steps.map((step, index) =>
    inWarmRealm(step, (index === steps.length - 1 ? last : first) ?? step.expected),
  );
  return { ...attack, steps: [...warm, ...warm] };
}

function inWarmRealm({ script, more, byAnother }: Step, expected: Expected): Step {
  const { wrap = 'script' } = more;
  return wrap === 'script'
    ? { script: functionBodyOf(script), more: { ...more, wrap: 'function', realm: 'warm' }, expected, byAnother }
    : { script, more: { ...more, realm: 'warm' }, expected, byAnother };
}
