import { ends, leak, spy, value, type Attack, type Expected, type Table, type TwoSteps } from '../attack.ts';

const COUNTER =
  'let n = 0; export const next = () => ++n; export const kept = []; export class Kept { static kept = []; }';
const inModule = { wrap: 'module' } as const;

/** A module of both steps, or one of each. */
function modules(poison: Record<string, string>, look = poison): TwoSteps {
  return { poison: { ...inModule, modules: poison }, look: { ...inModule, modules: look } };
}

/** What must not be there for the same tenant's next execution, nor for anybody else's. */
function both(name: string, poison: string, look: string, expected: Expected, more: TwoSteps): Attack[] {
  return [
    leak(name, 'own', poison, look, expected, more),
    spy(`${name}, of another tenant`, 'own', poison, look, expected, more),
  ];
}

const SAME =
  'import { next, kept, Kept } from "d"; kept.push(1); Kept.kept.push(1); next.left = 1; export default [next(), kept.length, Kept.kept.length]';

/** To leave something behind in a module, or to get hold of somebody else's. */
export const moduleLeaks: Table = {
  category: 'leak by modules',
  limits: { timeoutMs: 5000 },
  sharesVm: true,
  // prettier-ignore
  attacks: [
    ...both('what a module counts', SAME, SAME, value([1, 1, 1]), modules({ d: COUNTER })),
    ...both('what a script counts', 'let n = 0; globalThis.n = (globalThis.n ?? 0) + 1; export default [++n, globalThis.n]', 'let n = 0; globalThis.n = (globalThis.n ?? 0) + 1; export default [++n, globalThis.n]', value([1, 1]), modules({})),
    ...both('an intrinsic that a module has changed', 'import "d"; export default 1', 'import x from "d"; export default [x, typeof [].left, JSON.stringify([1])]', value([1, 'undefined', '[1]']), modules({ d: 'Array.prototype.left = 1; JSON.stringify = () => "left"; export default 1' }, { d: 'export default 1' })),
    ...both('a global of a module', 'import "d"; export default 1', 'export default [typeof left, Object.keys(globalThis)]', value(['undefined', ['context', 'input']]), modules({ d: 'globalThis.left = 1' })),
    ...both('the object of a template', 'const tag = (t) => t; const t = tag`x`; globalThis.t = t; try { t.left = 1; } catch {} export default Object.keys(t)', 'const tag = (t) => t; const t = tag`x`; globalThis.t = t; try { t.left = 1; } catch {} export default Object.keys(t)', value(['0']), modules({})),
    ...both('the state of a literal', 'import r from "d"; r.test("aa"); export default r.lastIndex', 'import r from "d"; export default r.lastIndex', value(0), modules({ d: 'export default /a/g' })),
    ...both('what a function of a module was given', 'import { keep } from "d"; keep("secret"); export default 1', 'import { all } from "d"; export default all', value([]), modules({ d: 'export const all = []; export const keep = (x) => all.push(x)' })),
    ...both('a symbol', 'import s from "d"; Object.prototype[s] = "left"; export default 1', 'import s from "d"; export default typeof ({})[s]', value('undefined'), modules({ d: 'export default Symbol.for("channel")' })),
    ...both('a module that still waits', 'import "d"; export default 1', 'await new Promise((resolve) => setTimeout(resolve, 40)); export default typeof left', value('undefined', []), { ...modules({ d: 'setInterval(() => { globalThis.left = 1; console.log("late"); }, 1); await new Promise((resolve) => setTimeout(resolve, 3))' }, {}) }),
    ...both('a module that never ends waiting', 'import "d"; export default 1', 'export default typeof left', value('undefined'), { ...modules({ d: 'globalThis.left = 1; await new Promise(() => {})' }, {}), poison: { ...inModule, modules: { d: 'globalThis.left = 1; await new Promise(() => {})' }, limits: { timeoutMs: 200 } }, poisoned: ends('WALL_TIME_LIMIT_EXCEEDED') }),
    ...both('a module that was interrupted', 'import "d"; export default 1', 'import { n } from "d"; export default n', value(1), { ...modules({ d: 'export let n = 1; for (;;);' }, { d: 'export let n = 1;' }), poison: { ...inModule, modules: { d: 'export let n = 1; for (;;);' }, limits: { timeoutMs: 200 } }, poisoned: ends('WALL_TIME_LIMIT_EXCEEDED') }),
    ...both('a module that threw', 'import "d"; export default 1', 'import d from "d"; export default d', value(2), { ...modules({ d: 'throw new Error("x")' }, { d: 'export default 2' }), poisoned: ends('SCRIPT_ERROR') }),
    ...both('a module that was none', 'import d from "d"; export default 1', 'import d from "d"; export default d', value(2), { ...modules({ d: 'export default (' }, { d: 'export default 2' }), poisoned: ends('COMPILATION_FAILED') }),
    ...both('a module by the same name', 'import d from "d"; export default d', 'import d from "d"; export default d', value('of the second'), modules({ d: 'export default "of the first"' }, { d: 'export default "of the second"' })),
    ...both('a module that there is no more', 'import d from "d"; export default d', 'import d from "d"; export default d', ends('COMPILATION_FAILED'), modules({ d: 'export default "secret"' }, {})),
    ...both('a module by its file name', 'import d from "d"; export default d', 'import d from "file-of-d"; export default d', ends('COMPILATION_FAILED'), modules({ d: 'export default "secret"' }, {})),
    ...both('the script by its file name', 'export default "secret"', 'import d from "script.js"; export default d', ends('COMPILATION_FAILED'), modules({})),
    ...both('the script that it linked with', 'import { a } from "d"; export default a', 'import { b } from "d"; export default b', value(2), modules({ d: 'export const a = 1' }, { d: 'export const b = 2' })),
    ...both('a prepareStackTrace', 'Error.prepareStackTrace = () => "left"; export default 1', 'import f from "d"; export default f().includes("left")', value(false), modules({ d: 'export default () => new Error("x").stack' })),
    ...both('what it was called with', 'import { keep } from "d"; export default (input, context) => keep(input, context).length', 'import { all } from "d"; export default (input) => [all, typeof input]', value([[], 'undefined']), { ...modules({ d: 'export const all = []; export const keep = (...args) => { all.push(args); return args; }' }), poison: { ...inModule, input: 'secret', modules: { d: 'export const all = []; export const keep = (...args) => { all.push(args); return args; }' } } }),
  ],
};
