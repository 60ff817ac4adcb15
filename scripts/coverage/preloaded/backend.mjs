import { writeCounts } from './modules.mjs';

/* Preloaded into the built backend. When a signal ended it, Nest sends itself the same again, and there is no `exit`. */

const { kill } = process;
process.kill = (...args) => {
  writeCounts();
  return kill.apply(process, args);
};
