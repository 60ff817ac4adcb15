import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Counter } from './counter.ts';
import { countCalls, countInstances, replaceFunction } from './replace-function.ts';

/** Counts what is asked of Node that takes more than it looks like, by function: files, above all those of `/proc`; hashes; signals; text. */
export function countBuiltIns(counter: Counter): void {
  countAll(fs, 'fs', counter);
  countAll(fs.promises, 'fs.promises', counter);
  countAll(crypto, 'crypto', counter);
  countSome(process, 'process', ['cpuUsage', 'memoryUsage', 'resourceUsage'], counter);
  countSome(AbortSignal, 'AbortSignal', ['any', 'timeout', 'abort'], counter);
  countSome(EventTarget.prototype, 'EventTarget', ['addEventListener'], counter);
  countSome(AsyncLocalStorage, 'AsyncLocalStorage', ['snapshot', 'bind'], counter);
  countSome(AsyncLocalStorage.prototype, 'AsyncLocalStorage', ['run', 'enterWith'], counter);
  countSome(Buffer, 'Buffer', ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'from', 'concat'], counter);
  for (const name of ['AbortController', 'EventTarget']) {
    countInstances(globalThis, name, () => {
      counter.add(`new ${name}`);
    });
  }
  countJson(counter);
  syncBuiltinESMExports();
}

function countAll(module: object, prefix: string, counter: Counter): void {
  const functions = Object.entries(Object.getOwnPropertyDescriptors(module))
    // Classes have capitals, and what has an underscore is not for us.
    .filter(([name, { value }]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name);
  countSome(module, prefix, functions, counter);
}

function countSome(owner: object, prefix: string, names: readonly string[], counter: Counter): void {
  for (const name of names) {
    const what = `${prefix}.${name}`;
    countCalls(owner, name, () => {
      counter.add(what);
    });
  }
}

function countJson(counter: Counter): void {
  replaceFunction(JSON, 'parse', (parse) => (...args) => {
    counter.add('JSON.parse');
    counter.add('bytes of JSON.parse', String(args[0]).length);
    return parse(...args);
  });
  replaceFunction(JSON, 'stringify', (stringify) => (...args) => {
    const text = stringify(...args);
    counter.add('JSON.stringify');
    counter.add('bytes of JSON.stringify', typeof text === 'string' ? text.length : 0);
    return text;
  });
}
