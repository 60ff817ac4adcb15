import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { VmDescriptors } from '../turns/stopped-vm.ts';
import type { Counter } from './counter.ts';
import { countCalls, replaceFunction } from './replace-function.ts';

/** What `spawn` and its like make of their arguments; Node's own, and the same for all of them. */
interface SpawnOptions {
  args: string[];
  stdio: unknown;
}

/** What every VM process has, and no other program. */
const OF_A_VM = '--permission';
const PRELOAD = new URL('../vm/preload.ts', import.meta.url);
/** V8 compiles what is hot when its threads have time for it, and compiled code allocates less. */
export const SAME_CODE_ALWAYS = ['--no-opt', '--no-maglev', '--no-flush-bytecode'];

/** Counts processes that are started. VM processes have the counters loaded into them, and are told. */
export function countProcesses(counter: Counter, onVm: (child: ChildProcess, fds: VmDescriptors) => void): void {
  replaceFunction(
    ChildProcess.prototype,
    'spawn',
    (spawn) =>
      function (...args) {
        counter.add('processes');
        const [options] = args as [SpawnOptions];
        const fds = options.args.includes(OF_A_VM) ? withCounters(options) : undefined;
        const result = Reflect.apply(spawn, this, args);
        if (fds) onVm(this as ChildProcess, fds);
        return result;
      },
  );
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    countCalls(childProcess, name, () => {
      counter.add('processes');
    });
  }
  syncBuiltinESMExports();
}

function withCounters(options: SpawnOptions): VmDescriptors {
  const stdio = options.stdio as unknown[];
  const pipe = stdio.indexOf('pipe');
  const [turns, commands] = [stdio.length, stdio.length + 1];
  options.stdio = [...stdio, 'pipe', 'pipe'];
  const check = fileURLToPath(new URL('..', import.meta.url));
  const preload = new URL(`?turns=${turns}&commands=${commands}`, PRELOAD).href;
  // After the flags of the library, so that of the same flag these count.
  options.args.splice(
    options.args.indexOf(OF_A_VM),
    0,
    ...SAME_CODE_ALWAYS,
    `--allow-fs-read=${check}`,
    `--import=${preload}`,
  );
  return { pipe, turns, commands };
}
