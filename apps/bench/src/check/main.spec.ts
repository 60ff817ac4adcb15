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
      expect(await check('--update', 'refused', 'trivial')).toMatchObject({ exitCode: 0 });
      expect(await check('refused', 'trivial')).toMatchObject({ exitCode: 0, stderr: '' });

      const { scenarios } = await readBaseline(baseline);
      const { refused = {}, trivial = {} } = scenarios;
      const promises = refused['path.host.promises'] ?? 0;
      const { 'path.host.new AbortController': controllers, ...others } = refused;
      const doctored = {
        ...others,
        'path.host.promises': promises - 1,
        'path.host.crypto.hash': 7,
        'path.host.sleep': 1,
      };
      await writeBaseline(baseline, { trivial, refused: doctored });
      const { exitCode, stderr } = await check('refused');
      expect(exitCode).toBe(1);
      expect(stderr.split('\n').filter((line) => line.includes('baseline '))).toEqual([
        `LESS  refused  path.host.crypto.hash  baseline 7  now ${refused['path.host.crypto.hash']}`,
        `MORE  refused  path.host.promises  baseline ${promises - 1}  now ${promises}`,
        'LESS  refused  path.host.sleep  baseline 1  now 0',
        `MORE  refused  path.host.new AbortController  baseline 0  now ${controllers}`,
      ]);
      expect(stderr).toContain('MORE is a regression');
      expect(stderr).toContain('LESS is a gain');

      await check('--update', 'refused');
      expect((await readBaseline(baseline)).scenarios).toEqual({ trivial, refused });
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
