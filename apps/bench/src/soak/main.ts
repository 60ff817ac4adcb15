import { existsSync } from 'node:fs';
import { readOptions, USAGE, type SoakOptions } from './options.ts';
import { soak } from './soak.ts';

const AGAIN_MS = 500;

const options = optionsOrExit();
const interrupted = new AbortController();
let interruptedAt = Infinity;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever asks again does not want the report. npm passes on what the terminal has sent already: that is no second time.
    if (performance.now() - interruptedAt > AGAIN_MS) process.exit(130);
    interruptedAt = Math.min(interruptedAt, performance.now());
    interrupted.abort();
  });
}
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
