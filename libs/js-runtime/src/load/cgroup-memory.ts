import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/**
 * The memory of the control group (version 2) whose limit is the nearest: this process's own, or one around it. In a container that
 * is the container's. https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export class CgroupMemory {
  private constructor(
    readonly limitBytes: number,
    private readonly directory: string,
    private readonly root: string,
  ) {}

  /** Undefined where there is no such group, or none with a limit. */
  static find(root = ROOT, membership = '/proc/self/cgroup'): CgroupMemory | undefined {
    const path = /^0::(\/.*)$/m.exec(read(membership) ?? '')?.[1];
    if (path === undefined) return undefined;
    let least: CgroupMemory | undefined;
    for (let directory = path; ; directory = dirname(directory)) {
      const limit = Number(read(join(root, directory, 'memory.max')) ?? NaN);
      // "max", where there is none, is no number.
      if (limit > 0 && limit < (least?.limitBytes ?? Infinity)) least = new CgroupMemory(limit, directory, root);
      if (directory === '/' || directory === '.') return least;
    }
  }

  /**
   * What cannot be had back by dropping files from the cache, as Kubernetes counts it (the working set); undefined when the
   * group is gone.
   */
  usedBytes(): number | undefined {
    const current = Number(read(join(this.root, this.directory, 'memory.current')) ?? NaN);
    if (!(current > 0)) return undefined;
    const statistics = read(join(this.root, this.directory, 'memory.stat')) ?? '';
    return Math.max(0, current - Number(/^inactive_file (\d+)$/m.exec(statistics)?.[1] ?? 0));
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
