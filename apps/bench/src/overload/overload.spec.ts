import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Results } from './report.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bench(...args: string[]): Promise<Ended> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [MAIN, ...args])) };
  } catch (error) {
    return error as Ended;
  }
}

describe('npm run bench:overload', () => {
  it('measures levels and neighbours, and writes what it found', async () => {
    const out = await mkdtemp(join(tmpdir(), 'bench-overload-'));
    try {
      const { code, stdout, stderr } = await bench('--quick', '--no-charts', '--out', out);
      expect(stderr).toContain('10 times capacity, round 1');
      // So short a time says nothing of targets, whatever it comes to.
      expect([0, 1]).toContain(code);
      expect(stdout.includes('MISSED')).toBe(code === 1);
      expect(await readdir(out)).toEqual(['overload.json', 'overload.md']);

      const results = JSON.parse(await readFile(join(out, 'overload.json'), 'utf8')) as Results;
      expect(results.levels.capacityPerSecond).toBeGreaterThan(0);
      expect(results.levels.levels.map(({ factor }) => factor)).toEqual([0.5, 10]);
      for (const { goodputPerSecond, p50Ms, p99Ms, outcomes } of results.levels.levels) {
        expect(goodputPerSecond).toBeGreaterThan(0);
        expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
        expect(outcomes.OK).toBeGreaterThan(0);
      }
      expect(results.levels.levels[1]?.outcomes.TENANT_BUSY).toBeGreaterThan(0);
      expect(results.neighbours.map(({ flood }) => flood?.title)).toEqual([
        undefined,
        'trivial scripts',
        'endless loops',
      ]);
      const fates = results.checks.filter(({ wanted }) => wanted === 'none');
      expect(fates.map(({ found }) => found)).toEqual(['none', 'none', 'none']);

      const report = await readFile(join(out, 'overload.md'), 'utf8');
      for (const { what } of results.checks) expect(report).toContain(`| ${what} `);
      expect(report).toContain('No charts: none were asked for.');
    } finally {
      await rm(out, { recursive: true });
    }
  });

  it('says what is wrong with its options, and how it is called', async () => {
    const { code, stderr } = await bench('--rounds', '3');
    expect(code).toBe(2);
    expect(stderr).toContain('--rounds');
    expect(stderr).toContain('--no-charts');
  });
});
