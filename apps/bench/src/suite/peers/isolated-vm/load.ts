import { createRequire } from 'node:module';
import type { IvmModule } from './script-isolate.ts';

/** Only in a process with `EXEC_ARGV`. */
export async function loadIsolatedVm(): Promise<{ readonly ivm: IvmModule; readonly version: string }> {
  const { default: ivm } = await import('isolated-vm');
  const { version } = createRequire(import.meta.url)('isolated-vm/package.json') as { version: string };
  return { ivm, version };
}
