import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBaseline, writeBaseline } from './baseline.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** It counts four times, on a machine that may be busy. */
const TIMEOUT_MS = 300_000;

let directory: string;
let baseline: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-check-'));
  baseline = join(directory, 'baseline.json');
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function check(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, '--baseline', baseline, ...args], (error, stdout, stderr) => {
      resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** Needs the library as it was built. */
describe('bench:check', () => {
  it(
    'finds the same again, and every count that the baseline has otherwise',
    async () => {
      expect(await check('--update', 'trivial', 'refused')).toMatchObject({ exitCode: 0 });
      expect(await check('trivial', 'refused')).toMatchObject({ exitCode: 0, stderr: '' });

      const { scenarios } = await readBaseline(baseline);
      const { trivial = {}, refused = {} } = scenarios;
      // Whatever they are: one is made less, one more, and one is left out.
      const exact = Object.entries(trivial).filter(
        ([what, count]) => !what.includes('bytes') && Number.isInteger(count),
      );
      const [[less, few] = ['', 0], [more, many] = ['', 0], [gone, some] = ['', 0]] = exact;
      const doctored = { ...trivial, [less]: few - 1, [more]: many + 1, 'path.host.sleep': 1 };
      Reflect.deleteProperty(doctored, gone);
      await writeBaseline(baseline, { trivial: doctored, refused });
      const { exitCode, stderr } = await check('trivial');
      expect(exitCode).toBe(1);
      expect(stderr.split('\n').filter((line) => line.includes('  baseline '))).toEqual([
        `MORE  trivial  ${less}  baseline ${few - 1}  now ${few}`,
        `LESS  trivial  ${more}  baseline ${many + 1}  now ${many}`,
        'LESS  trivial  path.host.sleep  baseline 1  now 0',
        `MORE  trivial  ${gone}  baseline 0  now ${some}`,
      ]);
      expect(stderr).toContain('MORE is a regression');
      expect(stderr).toContain('LESS is a gain');

      await check('--update', 'trivial');
      const { scenarios: updated } = await readBaseline(baseline);
      expect(updated.refused).toEqual(refused);
      expect(Object.keys(updated.trivial ?? {})).toEqual(Object.keys(trivial));
      expect(updated.trivial).toMatchObject(Object.fromEntries(exact));
    },
    TIMEOUT_MS,
  );

  it('says what scenarios there are when it knows one not', async () => {
    const { exitCode, stderr } = await check('fast');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Unknown: fast');
    expect(stderr).toContain('refused');
  });
});
