import type { PoolVm } from '../pool/vm-factory.ts';
import type { LinkRequest } from '../process/vm-request.ts';
import type { ArtifactCache } from './cache/artifact-cache.ts';
import type { HotScript } from './hot-scripts.ts';

/** It takes milliseconds; a VM that has not done it by then is ended, however busy the machine is. */
const LOAD_TIMEOUT_MS = 5000;

/** The first of the scripts that a VM does not hold and could load, with its code. One that has no code cache in memory is not made for this. */
export function findMissing(
  scripts: readonly HotScript[],
  vm: Pick<PoolVm, 'held' | 'isolateMemoryMb'>,
  cache: Pick<ArtifactCache, 'peek'>,
): Promise<LinkRequest | undefined> | undefined {
  const missing = scripts.filter(({ script, maxMemoryMb }) => {
    // With another limit it would take another isolate, and lose what it holds.
    const fits = vm.isolateMemoryMb === undefined || vm.isolateMemoryMb === maxMemoryMb;
    return fits && !vm.held(script.id, maxMemoryMb);
  });
  return missing.length === 0 ? undefined : firstCached(missing, cache);
}

async function firstCached(
  scripts: readonly HotScript[],
  cache: Pick<ArtifactCache, 'peek'>,
): Promise<LinkRequest | undefined> {
  for (const { script, maxMemoryMb } of scripts) {
    const { id: key, name, wrap, source, tenantId } = script;
    const artifact = await cache.peek(tenantId, key);
    if (!artifact?.codeCache) continue;
    const { javascript = source, codeCache, compileMs } = artifact;
    const code = { source: javascript, codeCache };
    const unit = { key, name, wrap, sourceChars: source.length, imports: [], compileMs, code };
    return { units: [unit], limits: { timeoutMs: LOAD_TIMEOUT_MS, maxCpuMs: LOAD_TIMEOUT_MS, maxMemoryMb } };
  }
  return undefined;
}
