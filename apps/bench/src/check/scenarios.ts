import type { Scenario } from './scenario.ts';

const PERMISSIONS = ['bench:*'];
const TRIVIAL = '({ tenant: context.tenant.id, answer: 6 * 7 })';
const LARGE_CHARS = 100 * 1024;
const LINES = Array.from({ length: 10 }, (_, index) => ({ name: `line ${index}`, price: index }));
const FUNCTION = { wrap: 'function' } as const;

/** From the plainest to what differs most from it. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  /** The script uses its context; the VM holds the script, and its realm is ready. */
  trivial: {
    options: { poolSize: 1 },
    execute: ({ library }) => library.runAs('acme', TRIVIAL),
    expected: () => ({ tenant: 'acme', answer: 42 }),
  },
  /** The tenant's other VM does not hold the script, and is sent its code cache. */
  'other-vm': {
    options: { poolSize: 2, permissions: PERMISSIONS },
    // The one that has compiled it is kept at work with it.
    prepare: async ({ library, api, background }, execution) => {
      background.push(library.runAs('acme', scriptThatMayWait(execution), { ...FUNCTION, input: true }));
      await api.holds(1);
    },
    execute: ({ library }, execution) =>
      library.runAs('acme', scriptThatMayWait(execution), { ...FUNCTION, input: false }),
    expected: () => 42,
    finish: async ({ api, background }) => {
      api.letGo();
      await Promise.all(background.splice(0));
    },
  },
  'input-and-logs': {
    options: { poolSize: 1 },
    execute: ({ library }) => library.runAs('acme', LOGGING, { input: { lines: LINES } }),
    expected: () => 45,
  },
  /** Calls of a host API, one after the other. */
  'sequential-calls': {
    options: { poolSize: 1, permissions: PERMISSIONS },
    execute: ({ library }) => library.runAs('acme', SEQUENTIAL_CALLS, FUNCTION),
    expected: () => 45,
  },
  'parallel-calls': {
    options: { poolSize: 1, permissions: PERMISSIONS },
    execute: ({ library }) => library.runAs('acme', PARALLEL_CALLS, FUNCTION),
    expected: () => 45,
  },
  'large-result': {
    options: { poolSize: 1 },
    execute: ({ library }) => library.runAs('acme', `'x'.repeat(${LARGE_CHARS})`),
    expected: () => 'x'.repeat(LARGE_CHARS),
  },
  /** The only VM was another tenant's: its isolate is replaced, and it is sent the code cache. */
  'tenant-change': {
    options: { poolSize: 1 },
    execute: ({ library }, execution) => library.runAs(tenantOf(execution), TRIVIAL),
    expected: (execution) => ({ tenant: tenantOf(execution), answer: 42 }),
  },
  /** The tenant runs, and has waiting, as much as it may. */
  refused: {
    options: { poolSize: 1, permissions: PERMISSIONS, tenantConcurrency: 1, tenantQueueSize: 1 },
    begin: async ({ library, api, background }) => {
      for (let count = 0; count < 2; count++) {
        background.push(library.runAs('acme', scriptThatMayWait(0), { ...FUNCTION, input: true }));
      }
      await api.holds(1);
    },
    execute: ({ library }) => library.runAs('acme', TRIVIAL),
    expected: () => 'TENANT_BUSY',
  },
};

const LOGGING = `
for (const { name, price } of input.lines) console.log(name, price);
console.warn('done');
input.lines.reduce((sum, { price }) => sum + price, 0);`;

const SEQUENTIAL_CALLS = `
let sum = 0;
for (let n = 0; n < 10; n++) sum += (await bench.echo({ n })).n;
return sum;`;

const PARALLEL_CALLS = `
const calls = Array.from({ length: 10 }, (_, n) => bench.echo({ n }));
return (await Promise.all(calls)).reduce((sum, { n }) => sum + n, 0);`;

/** Another one for each execution, of the same length. */
function scriptThatMayWait(execution: number): string {
  return `// ${String(execution).padStart(6, '0')}\nif (input) await bench.hold();\nreturn 42;`;
}

function tenantOf(execution: number): string {
  return execution % 2 === 0 ? 'acme' : 'umbr';
}
