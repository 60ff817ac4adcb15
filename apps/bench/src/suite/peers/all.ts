import type { PeerDefinition } from '../peer.ts';
import { peer as forkedIsolatedVm } from './forked-isolated-vm.ts';
import { peer as jsRuntime } from './js-runtime.ts';
import { peer as jsRuntimeWarm } from './js-runtime-warm.ts';
import { peer as nodeVm } from './node-vm.ts';
import { peer as nodeVmWarm } from './node-vm-warm.ts';
import { peer as pipe } from './pipe.ts';
import { peer as piscinaVm } from './piscina-vm.ts';
import { peer as quickjs } from './quickjs.ts';
import { peer as quickjsWarm } from './quickjs-warm.ts';
import { peer as rawIsolatedVmFresh } from './raw-isolated-vm-fresh.ts';
import { peer as rawIsolatedVm } from './raw-isolated-vm.ts';
import { peer as rawIsolatedVmWarm } from './raw-isolated-vm-warm.ts';
import { peer as run } from './run.ts';
import { peer as secureExec } from './secure-exec.ts';
import { peer as vm2 } from './vm2.ts';
import { peer as workerd } from './workerd.ts';
import { peer as workerdWarm } from './workerd-warm.ts';

/**
 * In the order of the tables: first those whose runs find nothing, then those that keep a realm; of each, by what stands between a script
 * and the backend, this library first.
 */
export const PEERS: readonly PeerDefinition[] = [
  jsRuntime,
  forkedIsolatedVm,
  workerd,
  secureExec,
  rawIsolatedVm,
  rawIsolatedVmFresh,
  quickjs,
  run,
  vm2,
  piscinaVm,
  nodeVm,
  jsRuntimeWarm,
  workerdWarm,
  rawIsolatedVmWarm,
  quickjsWarm,
  nodeVmWarm,
  pipe,
];
