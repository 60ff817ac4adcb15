import Module from 'node:module';
import { Socket } from 'node:net';
import { alsoWrite, read, writeCounts } from './modules.mjs';

/* Preloaded into VM processes: counts in their isolates too, and writes down in time. */

/** After anything left the process, it may be killed at any moment. */
const { write } = Socket.prototype;
Socket.prototype.write = function (...args) {
  writeCounts();
  return write.apply(this, args);
};

/** The realm's counters are in memory that all isolates share with this process: it can be read without entering one. */
const realm = JSON.parse(read('realm.json'));
const realmCounts = new Uint32Array(new SharedArrayBuffer(realm.bytes));
const realmCounters = read('realm-counters.js');
alsoWrite('realm', () => [...realmCounts]);

const loadAddon = Module._extensions['.node'];
Module._extensions['.node'] = (module, file) => {
  loadAddon(module, file);
  const { ivm } = module.exports;
  const Isolate = function (options) {
    return withCounters(ivm, new ivm.Isolate(options));
  };
  module.exports = { ivm: Object.create(ivm, { Isolate: { value: Isolate } }) };
};

/** Contexts in which the counters are declared: a realm that is kept has a second script of ours. */
const counted = new WeakSet();

/** Declares the counters in each context that a script of the realm is run in, right before. */
function withCounters(ivm, isolate) {
  const counters = isolate.compileScriptSync(realmCounters);
  return withMethod(isolate, 'compileScriptSync', (source, options) => {
    const script = isolate.compileScriptSync(source, options);
    if (options?.filename !== realm.fileName) return script;
    return withMethod(script, 'runSync', (context, runOptions) => {
      if (!counted.has(context)) {
        counted.add(context);
        context.global.setSync(realm.memoryName, new ivm.ExternalCopy(realmCounts.buffer).copyInto());
        counters.runSync(context);
      }
      return script.runSync(context, runOptions);
    });
  });
}

/** Objects of the addon are frozen, so another stands in for one that gets a method replaced. */
function withMethod(object, name, method) {
  return new Proxy(object, {
    get(target, key) {
      if (key === name) return method;
      const value = target[key];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
