import { ends, spy, value, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;

/** Fills memory with a pattern, and lets go of it. */
const FILL = 'for (let i = 0; i < 40; i++) new Uint32Array(2 ** 16).fill(0xc0ffee); 1';
const COUNT = '.reduce((n, x) => n + (x === 0xc0ffee ? 1 : 0), 0)';

/** To learn something of another tenant, or to do something to it, from the VM that both use. */
export const tenants: Table = {
  category: 'leak between tenants',
  limits: { timeoutMs: 5000 },
  sharesVm: true,
  // prettier-ignore
  attacks: [
    spy('a global', 'own', 'globalThis.secret = "of the first"; 1', 'typeof secret', value('undefined')),
    spy('every global', 'own', 'for (let i = 0; i < 100; i++) globalThis["left" + i] = i; 1', 'Object.keys(globalThis)', value(['context', 'input'])),
    spy('a method of every prototype', 'GHSA-vwrp-x96c-mhwq', 'for (const name of Object.getOwnPropertyNames(globalThis)) { const p = globalThis[name]?.prototype; if (p) try { p.left = 1; } catch {} } 1', '[{}.left, [].left, (() => {}).left, "".left, new Map().left, Promise.resolve().left].filter((x) => x !== undefined)', value([])),
    spy('a symbol of the registry', 'own', 'Symbol.for("channel").constructor.left = "secret"; Object.defineProperty(Symbol.prototype, "left", { value: 1 }); 1', '[typeof Symbol.left, typeof Symbol.for("channel").left]', value(['undefined', 'undefined'])),
    spy('code that both have', 'own', '/* of both */ globalThis.n = (globalThis.n ?? 0) + 1', '/* of both */ globalThis.n = (globalThis.n ?? 0) + 1', value(1)),
    spy('a template object of code that both have', 'own', 'const tag = (t) => { try { t.left = 1; } catch {} return Object.keys(t); }; tag`x`', 'const tag = (t) => { try { t.left = 1; } catch {} return Object.keys(t); }; tag`x`', value(['0'])),
    spy('who it is', 'own', 'context.tenant.id.length', 'context.tenant.id === "mallory-0" || /^mallory-\\d$/.test(context.tenant.id)', value(true)),
    spy('a changed context', 'own', 'try { Object.assign(context.tenant, { id: "left" }); } catch {} Object.defineProperty(Object.prototype, "id", { get() { return "left"; }, configurable: true }); 1', 'Object.keys(context.tenant).includes("id") && context.tenant.id !== "left"', value(true)),
    spy('its input', 'own', 'input.length', 'typeof input', value('undefined'), { poison: { input: 'a secret' } }),
    spy('its logs', 'own', 'console.log("secret of the first"); 1', 'console.log("mine"); 1', value(1, ['mine'])),
    spy('memory of its typed arrays', 'vm2 ATTACKS.md category 41', FILL, `let n = 0; for (let i = 0; i < 20; i++) n += new Uint32Array(2 ** 16)${COUNT}; n`, value(0)),
    spy('memory that a buffer grows into', 'own', FILL, `const b = new ArrayBuffer(4, { maxByteLength: 2 ** 20 }); b.resize(2 ** 20); new Uint32Array(b)${COUNT}`, value(0)),
    spy('memory that a buffer is moved into', 'own', FILL, `new Uint32Array(new ArrayBuffer(4).transfer(2 ** 20))${COUNT}`, value(0)),
    spy('its timers', 'own', 'setInterval(() => { console.log("secret"); globalThis.left = 1; }, 1); 1', 'await new Promise((resolve) => setTimeout(resolve, 40)); return typeof left', value('undefined', []), { look: inFunction }),
    spy('its promises', 'own', '(async () => { for (;;) { await new Promise((resolve) => setTimeout(resolve, 1)); console.log("secret"); } })(); 1', 'await new Promise((resolve) => setTimeout(resolve, 40)); return 1', value(1, []), { look: inFunction }),
    spy('its unhandled rejection', 'GHSA-hw58-p9xv-2mjh', 'setTimeout(() => { Promise.reject(new Error("secret")); }, 1); 1', 'await new Promise((resolve) => setTimeout(resolve, 30)); return "fine"', value('fine', []), { look: inFunction }),
    spy('its errors', 'own', 'const secret = new Error("secret"); Error.prepareStackTrace = () => "secret"; throw secret', 'try { null.x; } catch (e) { e.stack.includes("secret") }', value(false), { poisoned: ends('SCRIPT_ERROR') }),
    spy('the name of its script', 'own', 'new Error().stack.includes("secret.js")', 'new Error().stack.includes("secret.js")', value(false), { poison: { name: 'secret.js' } }),
    spy('its execution, by the same id', 'GHSA-j6r7-6fhx-77wx', 'globalThis.own = context.executionId', '[context.executionId, typeof own]', value(['job-1', 'undefined']), { poison: { executionId: 'job-1' }, look: { executionId: 'job-1' } }),
    spy('its name in the request', 'own', '1', '1', ends('INVALID_REQUEST'), {
      look: { forged: { tenant: { id: 'mallory-0' } } },
    }),
    spy('its context in the request', 'own', '1', '1', ends('INVALID_REQUEST'), {
      look: { forged: { context: { tenant: { id: 'alice' } } } },
    }),
    spy('its limits', 'own', 'context.deadlineMs <= 300', 'context.deadlineMs > 300', value(true), {
      poison: { limits: { timeoutMs: 300 } },
    }),
    spy('what it broke: the intrinsics', 'own', 'const names = Object.getOwnPropertyNames; for (const o of [Object, Array, Promise, JSON, Reflect, Math]) for (const k of names(o)) { try { o[k] = null; } catch {} } 1', 'JSON.stringify(Object.keys({ a: [1] }).map((k) => Math.max(k.length, 2)))', value('[2]')),
    spy('what it broke: an execution that was ended', 'own', 'globalThis.secret = 1; for (;;);', 'typeof secret', value('undefined'), { poison: { limits: { timeoutMs: 150 } }, poisoned: ends('WALL_TIME_LIMIT_EXCEEDED') }),
  ],
};
