import { useRealms } from '../../../test-support/realms/use-realms.ts';

const STRICT =
  "'use strict'; const failure = (run) => { try { return [run()]; } catch (error) { return error.name; } };";

describe('What is assigned to objects in a hardened realm', () => {
  const { lastOf } = useRealms();

  // prettier-ignore
  it.each([
    ['a method of every object', 'const o = {}; o.toString = () => "own"; o.valueOf = 1; o.hasOwnProperty = 2; return [`${o}`, o.valueOf, Object.keys(o), JSON.stringify(Object.getOwnPropertyDescriptor(o, "valueOf"))]'],
    ['constructor of every object', 'const o = {}; o.constructor = 1; return [o.constructor, ({}).constructor === Object]'],
    ['it again', 'const o = {}; o.toString = 1; o.toString = 2; delete o.toString; return [o.toString === Object.prototype.toString]'],
    ['name and message of an error', 'class Own extends TypeError { constructor(text) { super(text); this.name = "Own"; this.message += "!"; } } const own = new Own("x"); return [String(own), own.stack.split("\\n")[0], own instanceof TypeError, Object.keys(own)]'],
    ['methods of a class that is a function', 'function A() {} function B() {} B.prototype = Object.create(A.prototype); B.prototype.constructor = B; B.prototype.toString = () => "b"; return [String(new B()), new B().constructor === B]'],
    ['methods of an error that is a function', 'function E(text) { this.message = text; } E.prototype = Object.create(Error.prototype); E.prototype.constructor = E; E.prototype.name = "E"; E.prototype.toString = function () { return this.name + this.message; }; return [String(new E("x")), new E("") instanceof Error]'],
    ['methods of a function', 'const f = () => 1; f.call = 1; f.bind = 2; f.toString = 3; return [f.call, f.bind, f.toString, f()]'],
    ['methods of an array', 'const a = [1]; a.push = (x) => x; a.concat = 1; a.toString = () => "a"; return [a.push(5), a.length, a.concat, String(a)]'],
    ['methods of a promise', 'const p = Promise.resolve(1); p.catch = 1; p.finally = 2; return [p.catch, p.finally]'],
    ['methods of a map and a set', 'const m = new Map(), s = new Set(); m.get = () => "own"; s.add = 1; return [m.get(1), s.add]'],
    ['methods of a date', 'const d = new Date(0); d.toISOString = 1; return d.toISOString'],
    ['methods of a class of bytes that is a function', 'function Bytes() { return Object.setPrototypeOf(new Uint8Array(2), Bytes.prototype); } Bytes.prototype = Object.create(Uint8Array.prototype); Object.setPrototypeOf(Bytes, Uint8Array); Bytes.prototype.toString = () => "b"; Bytes.prototype.fill = 1; Bytes.from = 2; return [String(new Bytes()), Bytes.from]'],
    ['methods of an iterator', 'const i = Object.create(Iterator.prototype); i.map = 1; i.constructor = 2; return [i.map, i.constructor]'],
    ['methods of RegExp', 'const r = /a/; r.exec = () => null; r.test = 1; return ["a".replace(r, "b"), r.test]'],
    ['a property of a frozen object', 'const o = Object.freeze({}); return [failure(() => { o.toString = 1; }), o.toString === Object.prototype.toString]'],
    ['a property that is read only', 'const o = Object.defineProperty({ set() { super.toString = 2; } }, "toString", { value: 1, configurable: true }); return [failure(() => { o.toString = 2; }), failure(() => o.set()), o.toString]'],
    ['a property with a setter', 'let own; const o = { set toString(value) { own = value; }, set() { super.toString = 2; } }; o.toString = 3; return [own, failure(() => o.set()), own]'],
    ['a property by super', 'const o = { a: 1, set() { super.toString = 2; super.toString = 3; } }; o.set(); return [o.toString, Object.keys(o)]'],
    ['a property of what inherits it by another', 'const o = Object.create({ toString: 1 }); o.toString = 2; return Object.keys(o)'],
    ['a property of a Proxy', 'const seen = []; const p = new Proxy({}, { defineProperty: (target, key, d) => { seen.push([key, d]); return Reflect.defineProperty(target, key, d); } }); p.toString = 1; return [seen, p.toString]'],
    ['a property of a Proxy that refuses', 'const p = new Proxy({}, { defineProperty: () => false }); return failure(() => { p.toString = 1; })'],
    ['a property of a number', 'return failure(() => { (1).hasOwnProperty = 1; })'],
  ])('is theirs as in any other: %s', async (_, body) => {
    const expected = await lastOf('plain', `${STRICT} ${body}`);
    expect(expected).toHaveProperty('value');
    await expect(lastOf('hardened', `${STRICT} ${body}`)).resolves.toEqual(expected);
  });

  // What ADR 20 says that is different: where a getter would slow down everybody, and in the intrinsics themselves.
  // prettier-ignore
  it.each([
    ['constructor of an array', 'const a = []; return failure(() => { a.constructor = 1; })'],
    ['the iterator of an array', 'const a = []; return failure(() => { a[Symbol.iterator] = 1; })'],
    ['the iterator of an iterator', 'const i = Object.create(Iterator.prototype); return failure(() => { i[Symbol.iterator] = 1; })'],
    ['then of a promise', 'const p = Promise.resolve(1); return failure(() => { p.then = 1; })'],
    ['a method of a class of Intl', 'const f = new Intl.NumberFormat(); return failure(() => { f.formatToParts = 1; })'],
    ['a static method of a class that is a function', 'function Own() {} Object.setPrototypeOf(Own, Map); return failure(() => { Own.groupBy = 1; })'],
    ['a method of all objects', 'return failure(() => { Object.prototype.toString = 1; })'],
    ['a function of a namespace', 'return failure(() => { Math.max = 1; })'],
    ['how long stacks are', 'return failure(() => { Error.stackTraceLimit = 1; })'],
    ['a property, asked whether it was', 'const o = Object.freeze({}); return failure(() => Reflect.set(o, "toString", 1))'],
    ['a global', 'return failure(() => { globalThis.left = 1; })'],
  ])('fails, as it does in no other: %s', async (_, body) => {
    await expect(lastOf('hardened', `${STRICT} ${body}`)).resolves.toEqual({ value: 'TypeError' });
    await expect(lastOf('plain', `${STRICT} ${body}`)).resolves.toHaveProperty('value.0');
  });
});
