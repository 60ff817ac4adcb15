import {
  attack,
  ends,
  survives,
  value,
  type Attack,
  type Code,
  type Expected,
  type More,
  type Table,
} from '../attack.ts';

const BURNT = ends('CPU_TIME_LIMIT_EXCEEDED');
const FULL = ends('MEMORY_LIMIT_EXCEEDED');
const STOPPED: readonly Code[] = [
  'CPU_TIME_LIMIT_EXCEEDED',
  'MEMORY_LIMIT_EXCEEDED',
  'WALL_TIME_LIMIT_EXCEEDED',
  'SCRIPT_ERROR',
  'COMPILATION_FAILED',
];
/** Much time: how fast a heap fills up depends on the machine. */
const memory = { limits: { timeoutMs: 50_000, maxCpuMs: 20_000, maxMemoryMb: 64 } } as const;

function inModule(
  name: string,
  script: string,
  expected: Expected,
  modules: More['modules'] = {},
  more: More = {},
): Attack {
  return attack(name, 'own', script, expected, { wrap: 'module', modules, ...more });
}

/** As a module, and as what one imports. */
function bomb(name: string, script: string, expected: Expected, more: More = {}): Attack[] {
  return [
    inModule(name, `${script}; export default 1`, expected, {}, more),
    inModule(`imported: ${name}`, 'import "d"; export default 1', expected, { d: script }, more),
  ];
}

/** Sources that are hard to parse or to compile; whatever they come to, it must come to an end. */
function hard(name: string, source: string): Attack {
  return inModule(`a source of ${name}`, source, survives(...STOPPED));
}

const wide = Array.from({ length: 100_000 }, (_, n) => `a${n.toString(36)}`).join();

/** To use more than allowed while modules are parsed, linked and evaluated. */
export const moduleBombs: Table = {
  category: 'module bombs',
  limits: { timeoutMs: 5000, maxCpuMs: 300, maxMemoryMb: 64 },
  measuresMemory: true,
  // prettier-ignore
  attacks: [
    // While modules are evaluated.
    ...bomb('a loop', 'for (;;);', BURNT),
    ...bomb('a loop behind an await', 'await 0; for (;;);', BURNT),
    ...bomb('a loop behind a timer', 'await new Promise((resolve) => setTimeout(resolve, 1)); for (;;);', BURNT),
    ...bomb('a loop of awaits', 'for (;;) await 0', BURNT),
    ...bomb('a storm of microtasks', '(function again() { Promise.resolve().then(again); })()', BURNT),
    ...bomb('a storm of timers', '(function again() { setTimeout(again); for (let i = 0; i < 1e6; i++); })(); await new Promise(() => {})', BURNT),
    ...bomb('what V8 does not interrupt', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)', BURNT),
    ...bomb('a regular expression', '/^(a+)+$/.test("a".repeat(60) + "b")', BURNT),
    ...bomb('a finally that loops', 'try { for (;;); } finally { for (;;); }', BURNT),
    inModule('a default export that loops', 'export default () => { for (;;); }', BURNT),
    inModule('a default export that loops when it is written', 'export default { toJSON() { for (;;); } }', BURNT),
    inModule('a default export that loops when it is awaited', 'export default { get then() { for (;;); } }', BURNT),
    ...bomb('an array that grows', 'const all = []; for (;;) all.push([])', FULL, memory),
    ...bomb('buffers', 'const all = []; for (;;) all.push(new Uint8Array(2 ** 20).fill(1))', ends('MEMORY_LIMIT_EXCEEDED', 'SCRIPT_ERROR'), memory),
    ...bomb('strings', 'const all = []; for (let i = 0; ; i++) { const s = "x".repeat(1e6) + i; s.at(-1); all.push(s); }', FULL, memory),
    ...bomb('an array that grows behind an await', 'await 0; const all = []; for (;;) all.push([])', FULL, memory),
    inModule('a default export that fills the heap', 'export default () => { const all = []; for (;;) all.push([]); }', FULL, {}, memory),
    inModule('a result that is too large', 'export default "x".repeat(2 ** 20 + 1)', ends('RESULT_TOO_LARGE')),
    inModule('a returned result that is too large', 'export default () => Array(1e6).fill("x")', ends('RESULT_TOO_LARGE')),
    inModule('a result 1e5 deep', 'let o = 1; for (let i = 0; i < 1e5; i++) o = [o]; export default o', ends('RESULT_NOT_SERIALIZABLE')),
    inModule('a flood of logs', 'for (let i = 0; i < 1e5; i++) console.log(i); export default "done"', value('done')),
    inModule('a log of a megabyte', 'console.log("x".repeat(2 ** 20)); export default "done"', value('done', ['x'.repeat(2 ** 16), '[log limit reached: further output was dropped]'])),
    inModule('a thousand modules that log', `${Array.from({ length: 250 }, (_, n) => `import "m${n}";`).join('')}export default "done"`, value('done'), Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`m${n}`, 'for (let i = 0; i < 100; i++) console.log("x".repeat(1000))'])), memory),

    // While they are parsed.
    hard('parentheses', `export default ${'('.repeat(450_000)}1${')'.repeat(450_000)}`),
    hard('brackets', `export default ${'['.repeat(450_000)}${']'.repeat(450_000)}`),
    hard('braces', `${'{'.repeat(450_000)}${'}'.repeat(450_000)} export default 1`),
    hard('arrows', `export default ${'a=>'.repeat(300_000)}1`),
    hard('arrows in parentheses', `export default ${'(a=('.repeat(100_000)}1${'))=>a'.repeat(100_000)}`),
    hard('functions', `${'()=>{'.repeat(150_000)}${'}'.repeat(150_000)}; export default 1`),
    hard('classes', `${'class a{a=class{static{'.repeat(25_000)}${'}}}'.repeat(25_000)}; export default 1`),
    hard('templates', `export default ${'`${'.repeat(200_000)}1${'}`'.repeat(200_000)}`),
    hard('patterns', `let ${'[a,'.repeat(150_000)}b${']'.repeat(150_000)} = 1; export default 1`),
    hard('additions', `export default ${'1+'.repeat(450_000)}1`),
    hard('conditions', `export default ${'1?1:'.repeat(220_000)}1`),
    hard('calls', `export default ${'a('.repeat(450_000)}`),
    hard('members', `export default a${'.a'.repeat(450_000)}`),
    hard('awaits', `export default ${'await '.repeat(150_000)}1`),
    hard('labels', `${Array.from({ length: 20_000 }, (_, n) => `l${n}:`).join('')}1; export default 1`),
    hard('a number', `export default ${'1'.repeat(900_000)}`),
    hard('a BigInt', `export default ${'9'.repeat(900_000)}n.toString().length`),
    hard('an identifier', `export default typeof ${'a'.repeat(900_000)}`),
    hard('escaped identifiers', `export default typeof ${String.raw`\u{000061}`.repeat(90_000)}`),
    hard('a regular expression', `export default /${'(?:a|b)*'.repeat(100_000)}/.test("a")`),
    hard('comments', `${'/**/'.repeat(220_000)}export default 1`),
    hard('private names', `class A { ${Array.from({ length: 50_000 }, (_, n) => `#a${n};`).join('')} } export default 1`),
    hard('variables', `let ${wide}; export default 1`),
    hard('exports', `export let ${wide}; export default 1`),
    hard('exports by other names', `let a; export { ${Array.from({ length: 60_000 }, (_, n) => `a as b${n}`).join()} }; export default 1`),
    hard('exports twice', 'export default 1;'.repeat(50_000)),
    hard('exports of what is not there', `export { ${wide} }; export default 1`),
    hard('unfinished imports', 'import {a as '.repeat(70_000)),

    // While they are linked.
    inModule('1e5 names through 50 star exports', 'import * as all from "m0"; export default Object.keys(all).length', survives(...STOPPED), Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`m${n}`, n === 49 ? `export let ${wide}` : `export * from "m${n + 1}"`]))),
    inModule('1e5 names, each imported', `import { ${wide} } from "d"; export default 1`, survives(...STOPPED, 'SCRIPT_TOO_LARGE'), { d: `export let ${wide}` }),
    inModule('5e4 names that are not there', `export { ${wide.slice(0, 300_000).replace(/,[^,]*$/, '')} } from "d"; export default 1`, survives(...STOPPED), { d: '' }),
    inModule('200 modules that import each other', 'import "m0"; export default 1', survives(...STOPPED), Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`m${n}`, Array.from({ length: 200 }, (_unused, i) => `import "m${i}";`).join('')]))),
    inModule('100 modules that export all of each other', 'import { x } from "m0"; export default x', survives(...STOPPED), Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, `export const x${n} = 1;${Array.from({ length: 100 }, (_unused, i) => `export * from "m${i}";`).join('')}`]))),
    inModule('100 modules that export all of each other, as a whole', 'import * as all from "m0"; export default Object.keys(all).length', survives(...STOPPED), Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, `export const x${n} = 1;${Array.from({ length: 100 }, (_unused, i) => `export * from "m${i}";`).join('')}`]))),
  ],
};
