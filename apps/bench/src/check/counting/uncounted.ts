import fs from 'node:fs';

/** Functions as they are before they are counted, for those who count. */
export const uncounted = {
  setTimeout: globalThis.setTimeout,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  readSync: fs.readSync,
  writeSync: fs.writeSync,
  parse: JSON.parse.bind(JSON),
  stringify: JSON.stringify.bind(JSON),
};
