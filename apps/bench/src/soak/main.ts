import { existsSync } from 'node:fs';
import { readOptions, USAGE, type SoakOptions } from './options.ts';
import { soak } from './soak.ts';

const options = optionsOrExit();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted.abort();
  });
}
// Whoever asks twice does not want the report. VMs end with their backend, whatever ends that.
process.exit((await soak(options, interrupted.signal)) ? 0 : 1);

function optionsOrExit(): SoakOptions {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read === 'help') {
      console.log(USAGE);
      process.exit(0);
    }
    if (!existsSync('/proc/self/smaps_rollup')) throw new Error('This needs Linux: it reads /proc');
    return read;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
