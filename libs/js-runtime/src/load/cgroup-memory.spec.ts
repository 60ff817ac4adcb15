import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CgroupMemory } from './cgroup-memory.ts';

describe('CgroupMemory', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cgroup-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** As the kernel lays it out. */
  function group(path: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(join(root, path), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, path, name), text);
  }

  function find(membership: string): CgroupMemory | undefined {
    writeFileSync(join(root, 'membership'), membership);
    return CgroupMemory.find(root, join(root, 'membership'));
  }

  it('has the limit of the own group, and what it uses without what can be dropped', () => {
    group('pod/container', {
      'memory.max': '536870912\n',
      'memory.current': '300000000\n',
      'memory.stat': 'anon 200000000\nfile 100000000\ninactive_file 60000000\nactive_file 40000000\n',
    });
    const memory = find('0::/pod/container\n');
    expect([memory?.limitBytes, memory?.usedBytes()]).toEqual([536_870_912, 240_000_000]);
  });

  it('takes the least limit of all groups around', () => {
    group('pod/container', { 'memory.max': 'max\n', 'memory.current': '1\n' });
    group('pod', { 'memory.max': '1000\n', 'memory.current': '700\n', 'memory.stat': 'inactive_file 200\n' });
    group('', { 'memory.max': '5000\n', 'memory.current': '4000\n' });
    const memory = find('0::/pod/container\n');
    expect([memory?.limitBytes, memory?.usedBytes()]).toEqual([1000, 500]);
  });

  it('is the root of a container that sees no other', () => {
    group('', { 'memory.max': '2000', 'memory.current': '900' });
    expect(find('0::/\n')?.usedBytes()).toBe(900);
  });

  it.each([
    ['there is no limit', '0::/pod\n', 'max'],
    ['it is of version 1', '12:memory:/pod\n3:cpu:/pod\n', '1000'],
    ['nothing is known', '', '1000'],
  ])('is not there where %s', (_, membership, max) => {
    group('pod', { 'memory.max': max, 'memory.current': '1' });
    expect(find(membership)).toBeUndefined();
  });

  it('does not know what a group uses that is gone', () => {
    group('pod', { 'memory.max': '1000', 'memory.current': '1' });
    const memory = find('0::/pod\n');
    rmSync(join(root, 'pod'), { recursive: true });
    expect(memory?.usedBytes()).toBeUndefined();
  });
});
