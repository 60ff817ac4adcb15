import {
  attack,
  ends,
  survives,
  throws,
  value,
  wrongAt,
  type Attack,
  type Expected,
  type More,
  type Table,
} from '../attack.ts';

const NOT_COMPILED = ends('COMPILATION_FAILED');
const short = { limits: { timeoutMs: 300 } } as const;
/** For many modules, each of which is compiled and resolved by itself. */
const long = { limits: { timeoutMs: 28_000 } } as const;
/** What a specifier may look like that means something elsewhere. */
const SPECIFIERS = [
  ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'script', 'script.js', 'default', 'undefined', ''],
  ...['js-runtime:entry', 'js-runtime:realm', 'isolated-vm', 'node:fs', 'fs', 'node:internal/bootstrap/realm'],
  ...['file:///etc/passwd', '/etc/passwd', '../../../../etc/passwd', './script.js', 'https://example.com/x.js'],
  ...['data:text/javascript,export default 7', 'blob:x', 'process.binding', ' ', '*'],
];
const ODD_SPECIFIERS = ['\u0000', 'a\u0000b', '\ud800', '\u2028', '\u00e9', '\u{1f0a1}'];
/** Names of modules that are those of our own files, or look as if something were wrong. */
const NAMES = [
  'js-runtime:realm',
  'js-runtime:entry',
  'node:internal/main',
  '<isolated-vm boundary>',
  'x\\y',
  '🂡:1:1',
  ')',
];
const chain = (length: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length }, (_, n) => [
      `m${n}`,
      n + 1 === length ? 'export default 1' : `import x from "m${n + 1}"; export default x + 1`,
    ]),
  );
/** Each level imports all of the next, twice. */
const diamonds = (levels: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, n) =>
      ['a', 'b'].map((side) => [
        side + String(n),
        n + 1 === levels
          ? `export const ${side} = 1, both = 1`
          : `export * from "a${n + 1}"; export * from "b${n + 1}"`,
      ]),
    ).flat() as [string, string][],
  );

function inModule(
  name: string,
  script: string,
  expected: Expected,
  modules: More['modules'] = {},
  more: More = {},
): Attack {
  return attack(name, 'own', script, expected, { wrap: 'module', modules, ...more });
}

/** A module that something else imports, too: it is the script itself. */
function itself(
  name: string,
  script: string,
  expected: Expected,
  modules: More['modules'] = {},
  more: More = {},
): Attack {
  return inModule(name, script, expected, { self: { name: 'script.js', source: script }, ...modules }, more);
}

/** To import what is not the tenant's, or to confuse whoever finds, links and names modules. */
export const modules: Table = {
  category: 'modules',
  limits: { timeoutMs: 10_000 },
  // prettier-ignore
  attacks: [
    // What is imported.
    ...[...SPECIFIERS, ...ODD_SPECIFIERS].map((specifier) => inModule(`an import of ${JSON.stringify(specifier)}`, `import * as found from ${JSON.stringify(specifier)}; export default Object.keys(found)`, NOT_COMPILED)),
    ...SPECIFIERS.map((specifier, n) => inModule(`a module of its own named ${JSON.stringify(specifier)}`, `import found from ${JSON.stringify(specifier)}; export default found`, value('own'), { [specifier]: { name: `m${n}`, source: 'export default "own"' } })),
    // isolated-vm tells those by other names.
    ...ODD_SPECIFIERS.map((specifier, n) => inModule(`a module of its own named ${JSON.stringify(specifier)}`, `import found from ${JSON.stringify(specifier)}; export default found`, survives('COMPILATION_FAILED'), { [specifier]: { name: `m${n}`, source: 'export default "own"' } })),
    inModule('half a surrogate pair for two names', 'import found from "\\ud800"; export default found', survives('COMPILATION_FAILED'), { '\ud800': { name: 'a', source: 'export default 1' }, '\ufffd': { name: 'a', source: 'export default 1' } }),
    ...NAMES.map((name) => inModule(`a module named ${name}`, 'import "dep"; export default 1', throws('Error'), { dep: { name, source: '\n throw new Error("x")' } })),
    ...NAMES.map((name) => inModule(`a script named ${name}`, '\n throw new Error("x"); export default 1', throws('Error'), {}, { name })),
    inModule('a specifier of 512 characters', `import x from "${'x'.repeat(512)}"; export default x`, value(1), { ['x'.repeat(512)]: { name: 'a', source: 'export default 1' } }),
    inModule('a specifier of 513 characters', `import x from "${'x'.repeat(513)}"; export default x`, NOT_COMPILED, { ['x'.repeat(513)]: { name: 'a', source: 'export default 1' } }),
    inModule('a specifier of 900 KB', `import x from "${'x'.repeat(900_000)}"; export default x`, NOT_COMPILED),
    inModule('256 imports', `${Array.from({ length: 256 }, (_, n) => `import "m${n}";`).join('')}export default 1`, value(1), Object.fromEntries(Array.from({ length: 256 }, (_, n) => [`m${n}`, '1']))),
    inModule('257 imports', `${Array.from({ length: 257 }, (_, n) => `import "m${n}";`).join('')}export default 1`, NOT_COMPILED),
    inModule('80 000 imports of the same', `${'import "d";'.repeat(80_000)}export default 1`, value(1), { d: '1' }),
    inModule('70 000 imports of others', `${Array.from({ length: 70_000 }, (_, n) => `import"${n}"`).join(';')};export default 1`, NOT_COMPILED),
    inModule('256 names for one module', `${Array.from({ length: 256 }, (_, n) => `import { n as n${n} } from "m${n}";`).join('')}export default n0 + n255`, value(2), Object.fromEntries(Array.from({ length: 256 }, (_, n) => [`m${n}`, { name: 'one', source: 'globalThis.n = (globalThis.n ?? 0) + 1; export const n = globalThis.n' }]))),
    inModule('one name for two modules', 'import a from "a"; import b from "b"; export default [a, b]', value([1, 1]), { a: { name: 'one', source: 'export default 1' }, b: { name: 'one', source: 'export default 2' } }),
    inModule('its own name for another module', 'import a from "a"; export default a', NOT_COMPILED, { a: { name: 'script.js', source: 'export default 1' } }),
    inModule('more than may be imported', 'import "a"; import "b"; export default 1', ends('SCRIPT_TOO_LARGE'), { a: `/*${'x'.repeat(600_000)}*/`, b: `/*${'x'.repeat(600_000)}*/` }),
    inModule('a chain of 999 modules', 'import x from "m0"; export default x', value(999), chain(999), long),
    inModule('a chain of 1000 modules', 'import x from "m0"; export default x', ends('SCRIPT_TOO_LARGE'), chain(1000)),

    // Cycles.
    itself('an import of itself', 'import * as me from "self"; export default () => Object.keys(me)', value(['default'])),
    itself('an import of itself, too early', 'import me from "self"; export default typeof me', throws('ReferenceError', 'script.js:1:1')),
    itself('a cycle', 'import { b } from "b"; export const a = 1; export default () => [a, b()]', value([1, 1]), { b: 'import { a } from "self"; export const b = () => a' }),
    itself('a cycle that is used too early', 'import { b } from "b"; export const a = b; export default a', throws('ReferenceError', 'b:1:44'), { b: 'import { a } from "self"; export const b = a' }),
    itself('a cycle of default exports', 'export { default } from "b"', NOT_COMPILED, { b: 'export { default } from "self"' }),
    itself('a cycle of star exports', 'export * from "b"; export default 1', value(1), { b: 'export * from "self"' }),
    inModule('a name behind a cycle of star exports', 'import { x } from "a"; export default x', wrongAt('script.js:1:19'), { a: 'export * from "b"', b: 'export * from "a"' }),
    inModule('a name behind 200 diamonds', 'import { x } from "a0"; export default x', NOT_COMPILED, diamonds(200)),
    inModule('all names behind 200 diamonds', 'import * as all from "a0"; export default Object.keys(all)', value(['a', 'b']), diamonds(200)),
    itself('an await in a cycle that waits for itself', 'import "b"; globalThis.go(); export const a = 1; export default 1', ends('WALL_TIME_LIMIT_EXCEEDED'), { b: 'import * as me from "self"; await new Promise((resolve) => { globalThis.go = resolve; }); me.a' }, short),
    inModule('an await that never settles', 'await new Promise(() => {}); export default 1', ends('WALL_TIME_LIMIT_EXCEEDED'), {}, short),
    inModule('an await of what it imports that never settles', 'import "dep"; export default 1', ends('WALL_TIME_LIMIT_EXCEEDED'), { dep: 'await new Promise(() => {})' }, short),
    inModule('an await that never settles behind a function', 'export default () => 1; await new Promise(() => {});', ends('WALL_TIME_LIMIT_EXCEEDED'), {}, short),
    inModule('200 modules that wait', 'import x from "m0"; export default x', value(200), Object.fromEntries(Object.entries(chain(200)).map(([name, source]) => [name, `await 0; ${source}`])), long),

    // What is exported.
    inModule('no default export', 'export const a = 1', NOT_COMPILED),
    inModule('no exports', '1', NOT_COMPILED),
    inModule('a default export of somebody else, by a star', 'export * from "d"', NOT_COMPILED, { d: 'export default 1' }),
    inModule('a default export of somebody else', 'export { default } from "d"', value(1), { d: 'export default 1' }),
    inModule('a default export by another name', 'let x = 1; export { x as default }; x = 2; setTimeout(() => { x = 3; }, 1)', value(2)),
    inModule('a default export by text', 'const x = 1; export { x as "default" }', value(1)),
    inModule('two default exports', 'export default 1; export default 2', wrongAt('script.js:1:26')),
    inModule('a name that two star exports have', 'import { x } from "c"; export default x', wrongAt('script.js:1:19'), { a: 'export const x = 1', b: 'export const x = 2', c: 'export * from "a"; export * from "b"' }),
    inModule('exports with our names', 'export const value = "mine", done = false, entry = 1; export default 1', value(1)),
    inModule('an export named then', 'export const then = (resolve) => resolve("mine"); export default 1', value(1)),
    inModule('a namespace for a result', 'export * as default from "d"', value({ a: 1, __proto__x: 2 }), { d: 'export const a = 1, __proto__x = 2' }),
    inModule('a namespace that can be awaited', 'export * as default from "d"', value(7), { d: 'export const then = (resolve) => resolve(7)' }),
    inModule('a namespace with a toJSON', 'export * as default from "d"', value('json'), { d: 'export const toJSON = () => "json"' }),
    itself('its own namespace for a result', 'import * as me from "self"; export default me', ends('RESULT_NOT_SERIALIZABLE')),
    inModule('an export with a name of 100 KB', `const x = 1; export { x as "${'x'.repeat(100_000)}" }; export default 1`, value(1)),
    inModule('an import of a name of 900 KB', `import { "${'x'.repeat(900_000)}" as x } from "d"; export default x`, NOT_COMPILED, { d: '' }),
    inModule('an import of a name of many lines', 'import { "x\\n    at file:///etc/passwd:1:1\\n" as x } from "d"; export default x', wrongAt('script.js:1:59'), { d: '' }),
    inModule('an import of a name that is a message of V8', `import { "a' does\\nThe requested module 'e" as x } from "d"; export default x`, NOT_COMPILED, { d: '' }),
    inModule('an import of half a surrogate pair', 'import { "\\ud800" as x } from "d"; export default x', NOT_COMPILED, { d: '' }),
    inModule('an import that is changed', 'import { a } from "d"; try { a = 2; } catch (e) { globalThis.name = e.name; } export default [a, globalThis.name]', value([1, 'TypeError']), { d: 'export let a = 1' }),
    inModule('a namespace that is changed', 'import * as d from "d"; const tries = [() => { d.a = 2; }, () => { delete d.a; }, () => Object.defineProperty(d, "b", { value: 1 }), () => Object.setPrototypeOf(d, {}), () => Object.freeze(d)]; export default tries.map((f) => { try { f(); return "done"; } catch (e) { return e.name; } })', value(Array(5).fill('TypeError')), { d: 'export let a = 1' }),
    inModule('a class', 'export default class A {}', throws('TypeError')),
    inModule('a generator', 'export default function* () { yield 1; }', value({})),
    inModule('a symbol', 'export default Symbol("x")', ends('RESULT_NOT_SERIALIZABLE')),
    inModule('undefined', 'export default undefined', value(undefined)),
    inModule('null', 'export default null', value(null)),

    // import() and import.meta.
    ...['"d"', '"self"', '"node:fs"', '"js-runtime:entry"', '{ toString: () => "d" }', '{ toString() { throw new Error("x"); } }', 'Symbol()', '""', '"d", { with: { type: "json" } }', '"d", { get with() { throw new Error("x"); } }'].map((what) => inModule(`import(${what})`, `export default await import(${what}).then(() => "in", () => "refused")`, value('refused'), { d: 'export default 1' })),
    inModule('a hundred thousand import()', 'for (let i = 0; i < 1e5; i++) import("d").catch(() => {}); export default 1', survives('MEMORY_LIMIT_EXCEEDED', 'CPU_TIME_LIMIT_EXCEEDED', 'WALL_TIME_LIMIT_EXCEEDED'), { d: '1' }, { limits: { timeoutMs: 2000, maxCpuMs: 500 } }),
    inModule('an import() that nobody handles', 'import("d"); export default 1', throws('Error'), { d: '1' }),
    inModule('import() in a default function', 'export default async () => import("d").then(() => "in", () => "refused")', value('refused'), { d: '1' }),
    inModule('import.meta', 'export default [Object.getOwnPropertyNames(import.meta), Object.getPrototypeOf(import.meta), typeof import.meta.url, typeof import.meta.resolve]', value([[], null, 'undefined', 'undefined'])),
    inModule('import.meta of another', 'import meta from "d"; export default meta === import.meta', value(false), { d: 'export default import.meta' }),
    inModule('import defer', 'import defer * as d from "d"; export default d.x', survives('COMPILATION_FAILED'), { d: 'export const x = 1' }),
    inModule('import source', 'import source d from "d"; export default typeof d', NOT_COMPILED, { d: 'export const x = 1' }),
    ...['source', 'defer'].flatMap((phase) => [
      inModule(`import.${phase}()`, `export default await import.${phase}("d").then(() => "in", () => "refused")`, survives('COMPILATION_FAILED'), { d: '1' }),
      attack(`import.${phase}() in a script`, 'own', `import.${phase}("d").then(() => "in", () => "refused")`, survives('COMPILATION_FAILED')),
    ]),
    inModule('import attributes', 'import d from "d" with { type: "json" }; export default d', survives('COMPILATION_FAILED'), { d: 'export default 7' }),
    inModule('import attributes that nobody knows', 'import d from "d" with { type: "wasm", __proto__: "x", "node:fs": "y" }; import e from "d"; export default d + e', survives('COMPILATION_FAILED'), { d: 'export default 7' }),
    inModule('1e4 import attributes', `import d from "d" with { ${Array.from({ length: 1e4 }, (_, n) => `a${n}: "b"`).join()} }; export default d`, survives('COMPILATION_FAILED'), { d: 'export default 7' }),

    // Sources that are odd.
    inModule('a shebang', '#!/usr/bin/env node\nexport default 1', value(1)),
    inModule('a byte order mark', '\ufeffexport default 1', value(1)),
    inModule('a NUL', 'export default "\u0000".length', value(1)),
    inModule('half a surrogate pair', 'export default "\ud800".length', survives('COMPILATION_FAILED')),
    inModule('line separators', '\u2028\u2029\n\r\n throw new Error("x"); export default 1', throws('Error', 'script.js:5:8')),
    inModule('an HTML comment', '<!-- x\nexport default 1', NOT_COMPILED),
    inModule('sloppy code', 'with ({}) {} export default 1', NOT_COMPILED),
    inModule('an end of a function', '}); export default 1; (async function () {', NOT_COMPILED),
    inModule('a return', 'return 1; export default 1', NOT_COMPILED),
    inModule('this, arguments and new.target', 'export default [typeof this, typeof arguments]', value(['undefined', 'undefined'])),
    inModule('a wrong syntax in what it imports', 'import "d"; export default 1', wrongAt('d:2:10'), { d: '\nlet a ;;;=' }),
    inModule('a file name of ours in a source URL', 'import f from "d"; export default f()', throws('Error'), { d: 'export default () => { throw new Error("x"); }\n//# sourceURL=js-runtime:realm' }),
    inModule('a file of the host in a source URL', 'import f from "d"; export default f().includes("file:///etc/passwd")', survives('SCRIPT_ERROR'), { d: 'export default () => new Error("x").stack\n//# sourceURL=file:///etc/passwd\n//# sourceMappingURL=file:///etc/passwd' }),
    inModule('a source URL that is another module', 'import f from "d"; import "e"; export default f()', throws('Error'), { d: 'export default () => { throw new Error("x"); }\n//# sourceURL=e', e: '1' }),
    inModule('a source URL of 900 KB', `export default () => { throw new Error("x"); }\n//# sourceURL=${'x'.repeat(900_000)}`, survives('SCRIPT_ERROR')),
    inModule('a source map of a data URL', 'export default new Error("x").stack.length > 0\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozfQ==', value(true)),
  ],
};
