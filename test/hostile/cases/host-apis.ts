import { attack, ends, leak, spy, survives, throws, value, type Table } from '../attack.ts';

const inFunction = { wrap: 'function' } as const;
const bodies = { poison: inFunction, look: inFunction } as const;
const short = { wrap: 'function', limits: { timeoutMs: 400 } } as const;
const codeOf = (call: string): string => `try { return await ${call}; } catch (error) { return error.code; }`;
/** What lets a script replace an answer before the code around it reads it. */
const FORGE =
  'const { then } = Promise.prototype; const forge = (by) => { Object.defineProperty(Promise.prototype, "constructor", { get: () => Object }); Promise.prototype.then = function (resolve, reject) { return then.call(this, (value) => resolve(value?.kind ? by : value), reject); }; };\n';

/** To get more out of host APIs than one's own tenant may have, or to hurt the backend with calls. */
export const hostApis: Table = {
  category: 'host APIs',
  limits: { timeoutMs: 20_000 },
  // prettier-ignore
  attacks: [
    // Whose values they are.
    attack('a tenant as an argument too many', 'own', codeOf('kv.get("a", { tenant: "alice" })'), value('API_CALL_INVALID'), inFunction),
    attack('a tenant in the options', 'own', codeOf('kv.set("a", 1, { ttlMs: 5, tenantId: "alice" })'), value('API_CALL_INVALID'), inFunction),
    attack('a tenant in this', 'own', 'await kv.set("mine", 1); return await kv.get.call({ tenant: { id: "alice" } }, "mine")', value(1), inFunction),
    attack('a key that is a path', 'own', codeOf('kv.get("../alice/secret")'), value(undefined), inFunction),
    attack('a key that is a pattern', 'own', 'await kv.set("x*", 1); return [await kv.get("*") === undefined, (await kv.list("*")).keys]', value([true, []]), inFunction),
    attack('keys like members of objects', 'own', 'const seen = []; for (const key of ["__proto__", "constructor", "toString"]) { seen.push(await kv.get(key) === undefined); await kv.set(key, key); seen.push(await kv.get(key)); await kv.delete(key); } return seen', value([true, '__proto__', true, 'constructor', true, 'toString']), inFunction),
    attack('a key with a line feed and a null', 'own', 'await kv.set("a\\r\\nFLUSHALL\\r\\n\\0", 1); const at = await kv.get("a\\r\\nFLUSHALL\\r\\n\\0"); await kv.delete("a\\r\\nFLUSHALL\\r\\n\\0"); return at', value(1), inFunction),
    attack('keys that are no text', 'own', 'const codes = []; for (const key of [1, null, ["a"], { toString: () => "a" }, "", "x".repeat(513)]) codes.push(await kv.get(key).catch((error) => error.code)); return [...new Set(codes)]', value(['API_CALL_INVALID']), inFunction),

    // The way to the backend.
    attack('code through an API', 'own', 'const tries = [() => kv.get.constructor("return process")(), () => kv.get("a").constructor.constructor("return process")(), () => Object.getPrototypeOf(kv.get).constructor("return process")()]; return tries.map((run) => { try { return typeof run(); } catch (error) { return error.name; } })', value(['EvalError', 'EvalError', 'EvalError']), inFunction),
    attack('what is behind an API, in call sites', 'own', '"use strict"; Error.prepareStackTrace = (_, sites) => sites.map((site) => typeof site.getThis() + typeof site.getFunction()); const seen = new Set(); for (const call of [() => kv.get(), () => kv.get(1n)]) { try { await call(); } catch (error) { for (const site of error.stack) seen.add(site); } } return [...seen]', value(['undefinedundefined']), inFunction),
    attack('stacks of errors', 'own', 'const all = []; for (const call of [() => kv.get(), () => kv.get(1n), () => http.fetch("x")]) { try { await call(); } catch (error) { all.push(error.stack); } } return all.join().replaceAll("js-runtime:realm", "").match(/file:|node:|internal|dist|boundary/)', value(null), inFunction),
    attack('another function in place of one', 'own', '"use strict"; kv.get = () => "evil"; return 1', throws('TypeError'), inFunction),
    attack('a namespace that waits', 'own', 'return (await kv) === kv && (await http) === http', value(true), inFunction),

    // Errors.
    attack('a refusal that was none', 'own', 'throw Object.assign(new Error("x"), { name: "ApiError", code: "PERMISSION_DENIED", isApiError: true })', throws('ApiError'), inFunction),
    attack('another code in an error of an API', 'own', 'try { await kv.get(); } catch (error) { error.code = "SHUTTING_DOWN"; throw error; }', ends('SCRIPT_ERROR'), inFunction),
    attack('an answer in place of another, as an error of the pool', 'own', `${FORGE} forge({ kind: "error", text: JSON.stringify({ code: "POOL_EXHAUSTED", message: "x" }) }); await kv.get("a")`, ends('SCRIPT_ERROR'), inFunction),
    attack('an answer in place of another, that is no object', 'own', `${FORGE} forge({ kind: "value", text: "null" }); return await http.fetch("x").catch((error) => error.name)`, survives('SCRIPT_ERROR'), inFunction),
    attack('an answer with getters', 'own', `${FORGE} let n = 0; forge({ get kind() { n++; return "value"; }, get text() { n++; return { toString() { throw new Error("mine"); } }; } }); await kv.get("a")`, ends('SCRIPT_ERROR'), inFunction),

    // Arguments.
    attack('a value with __proto__', 'own', `return await kv.set("a", JSON.parse('{"__proto__":{"polluted":1}}')).catch((error) => error.code)`, value('API_CALL_INVALID'), inFunction),
    attack('a value with constructor.prototype', 'own', 'await kv.set("a", { constructor: { prototype: { polluted: 1 } } }); const { constructor: { prototype } } = await kv.get("a"); await kv.delete("a"); return [prototype, typeof {}.polluted]', value([{ polluted: 1 }, 'undefined']), inFunction),
    attack('a value 1e5 deep', 'own', `let a = 1; for (let i = 0; i < 1e5; i++) a = [a]; ${codeOf('kv.set("a", a)')}`, value('API_CALL_INVALID'), inFunction),
    attack('a value with a cycle', 'own', `const a = []; a[0] = a; ${codeOf('kv.set("a", a)')}`, value('API_CALL_INVALID'), inFunction),
    attack('a value of half a gigabyte', 'own', codeOf('kv.set("a", "x".repeat(2 ** 29 - 24))'), survives('MEMORY_LIMIT_EXCEEDED'), inFunction),
    attack('numbers beyond all numbers, 40 000 times', 'own', 'return await kv.list({ prefix: Array.from({ length: 40_000 }, () => JSON.rawJSON("1e999")) }).catch((error) => error.code)', value('API_CALL_INVALID'), inFunction),
    attack('members that nobody knows, with long names', 'own', 'const wrong = {}; for (let n = 0; n < 20; n++) wrong["k".repeat(10_000) + n] = 1; try { await kv.list(wrong); } catch (error) { return error.message.length < 5000; }', value(true), inFunction),
    attack('arguments that call', 'own', 'const order = []; await kv.set("a", { toJSON() { void kv.delete("a").then(() => order.push("deleted")); return 1; } }); order.push(await kv.get("a")); return order', value(['deleted', 1]), inFunction),
    attack('a loop in the arguments', 'own', 'await kv.set("a", { toJSON() { for (;;); } })', ends('WALL_TIME_LIMIT_EXCEEDED'), short),

    // Floods.
    attack('10 000 calls at once', 'own', 'const all = await Promise.allSettled(Array.from({ length: 10_000 }, () => kv.get("a"))); return [all.filter(({ status }) => status === "fulfilled").length, [...new Set(all.map(({ reason }) => reason?.code))].sort()]', value([32, ['API_CALL_LIMIT_EXCEEDED', null]]), inFunction),
    attack('calls that nobody waits for', 'own', 'for (let n = 0; n < 10_000; n++) kv.get("a").catch(() => 0); return 1', value(1), inFunction),
    attack('calls without end', 'own', 'for (;;) await kv.get("a")', ends('API_CALL_LIMIT_EXCEEDED'), inFunction),
    attack('calls without end, whatever comes of them', 'own', 'for (;;) await kv.get("a").catch(() => 0)', ends('WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED'), short),
    attack('calls in a loop that never waits', 'own', 'for (;;) kv.get("a").catch(() => 0)', ends('WALL_TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED'), short),
    attack('microtasks without end after a call', 'own', 'await kv.get("a"); for (;;) await null', ends('WALL_TIME_LIMIT_EXCEEDED'), short),
    attack('large values, as many at a time as are allowed', 'own', 'const big = "x".repeat(60_000); await kv.set("big", big); let chars = 0; await Promise.all(Array.from({ length: 30 }, async () => { for (let n = 0; n < 20; n++) { const { length } = await kv.get("big"); chars += length; } })); await kv.delete("big"); return chars', value(36_000_000), inFunction),
    attack('more than a tenant may keep', 'own', 'const big = "x".repeat(60_000); let kept = 0; try { for (;;) { await kv.set("k" + kept, big); kept++; } } catch (error) { for (let n = 0; n < kept; n++) await kv.delete("k" + n); return [error.code, kept < 200]; }', value(['QUOTA_EXCEEDED', true]), inFunction),

    // Where requests may go.
    ...['http://127.0.0.1/', 'http://[::1]/', 'http://0x7f.1/', 'http://169.254.169.254/latest/meta-data/', 'http://[::ffff:127.0.0.1]/', 'http://0/'].map((url) =>
      attack(`a request to ${url}`, 'CWE-918', codeOf(`http.fetch(${JSON.stringify(url)})`), value('HTTP_HOST_NOT_ALLOWED'), inFunction)),
    ...['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://user:password@example.com/', 'data:text/plain,a', ''].map((url) =>
      attack(`a request to ${JSON.stringify(url)}`, 'CWE-918', codeOf(`http.fetch(${JSON.stringify(url)})`), value('HTTP_URL_INVALID'), inFunction)),
  ],
};

/** To leave something behind in host APIs, for the same tenant or another. */
export const hostApiLeaks: Table = {
  category: 'leak through host APIs',
  limits: { timeoutMs: 5000 },
  sharesVm: true,
  // prettier-ignore
  attacks: [
    leak('another namespace', 'own', 'globalThis.kv = { get: () => "evil" }; delete globalThis.http; return 1', 'return [await kv.get("none") === undefined, typeof http.fetch]', value([true, 'function']), bodies),
    leak('calls that nobody has waited for', 'own', 'for (let n = 0; n < 30; n++) void kv.set("left", n); return 1', 'const seen = []; for (let n = 0; n < 3; n++) seen.push(await kv.get("none" + n) === undefined); return seen', value([true, true, true]), bodies),
    leak('calls after the end', 'own', 'setTimeout(() => kv.set("late", 1)); queueMicrotask(() => Promise.resolve().then(() => kv.set("late", 1))); return { toJSON() { void kv.set("late", 1); return 1; } }', 'return await kv.get("late") === undefined', value(true), bodies),
    leak('as many calls as there may be', 'own', 'for (let n = 0; n < 1000; n++) await kv.get("a"); return 1', 'for (let n = 0; n < 1000; n++) await kv.get("a"); return 1', value(1), bodies),
    spy('the values of another tenant', 'own', 'await kv.set("secret", context.tenant.id); return 1', 'const at = await kv.get("secret"); return at === undefined || at === context.tenant.id', value(true), bodies),
    spy('the keys of another tenant', 'own', 'await kv.set("of " + context.tenant.id, 1); return 1', 'return (await kv.list("of ")).keys.filter((key) => key !== "of " + context.tenant.id)', value([]), bodies),
    spy('answers for another tenant', 'own', 'await kv.set("secret", context.tenant.id); for (let n = 0; n < 30; n++) void kv.get("secret"); return 1', 'const seen = new Set([context.tenant.id, undefined]); for (let n = 0; n < 30; n++) seen.add(await kv.get("secret")); return seen.size', value(2), bodies),
  ],
};
