import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects the garbage of this process's own JavaScript: requests and replies of megabytes, which V8 would leave for later.
 * The flag makes `gc` a global of every context that is made while it is on, so it is on for this one only, and no script's
 * realm ever has it.
 */
export const collectGarbage = loadGc();

function loadGc(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
