import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { PeerDefinition } from './peer.ts';
import { PEERS } from './peers/all.ts';
import { QUICK } from './plan.ts';
import type { Results } from './results.ts';
import { runSuite } from './run-suite.ts';
import { trivial } from './workloads/trivial.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

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

describe('npm run bench', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-suite-'));
  });

  afterEach(async () => rm(folder, { recursive: true }));

  /** A peer whose `run` is as given, in a file of its own. */
  async function peerThat(name: string, run: string): Promise<PeerDefinition> {
    const file = join(folder, `${name}.mjs`);
    const nothing = 'async () => {}';
    const prepared = `{ run: async (tenantId) => { ${run} }, close: ${nothing} }`;
    const peer = `{ prepare: async () => (${prepared}), close: ${nothing} }`;
    await writeFile(file, `export const peer = { start: async () => (${peer}) };`);
    return {
      name,
      title: name,
      file: pathToFileURL(file).href,
      isolation: { fromBackend: 'none', betweenTenants: 'none', state: 'fresh', globals: 'none' },
      use: '',
      packages: [],
      start: async () => Promise.reject(new Error('peers start in processes of their own')),
    };
  }

  const RIGHT = "return tenantId + ' 42';";

  it('measures peers and writes what it found', async () => {
    const peers = ['js-runtime', 'raw-isolated-vm', 'raw-isolated-vm-fresh', 'node-vm', 'js-runtime-warm', 'pipe'];
    const workloads = ['trivial', 'host-calls'];
    const { code, stdout, stderr } = await bench('--quick', '--workloads', workloads.join(','), '--out', folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('[1/60] trivial · 2 ms apart') });
    expect(stdout).toContain(`The report is ${join(folder, 'README.md')}`);
    expect(await readdir(folder)).toEqual(['README.md', 'results.json']);

    const results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as Results;
    expect(results.peers.map(({ name }) => name)).toEqual(peers);
    expect(results.leftOut).toEqual([]);
    // Spaced, and 1 and 8 in flight, with 1 tenant and with 100.
    const pairs = workloads.flatMap((workload) => peers.map((peer) => `${workload} ${peer}`));
    // Nothing is run in it, so it takes no workload with calls.
    const measured = pairs.filter((pair) => pair !== 'host-calls pipe');
    expect(new Set(results.cells.map(({ workload, peer }) => `${workload} ${peer}`))).toEqual(new Set(measured));
    expect(results.cells).toHaveLength(measured.length * 5);
    for (const cell of results.cells) {
      expect(cell.perSecond).toBeGreaterThan(0);
      expect(cell.p50Ms).toBeGreaterThan(0);
      expect(cell.p99Ms).toBeGreaterThanOrEqual(cell.p50Ms);
      expect(cell.executions).toBeGreaterThan(0);
      expect(cell.rssMb === null).toBe(process.platform !== 'linux');
    }
    expect(results.targets.filter(({ isMet }) => isMet !== null)).not.toEqual([]);

    const report = await readFile(join(folder, 'README.md'), 'utf8');
    expect(report).toContain(`commit ${results.commit}; ${process.version}`);
    expect(report).toContain('| node-vm               | none                      | fresh          |');
    for (const { what } of results.targets) expect(report).toContain(`| ${what} `);
  }, 300_000);

  it('fails at a wrong result, and says whose', async () => {
    const peers = [await peerThat('right', RIGHT), await peerThat('liar', "return 'tenant-0 41';")];
    await expect(runSuite({ plan: QUICK, workloads: [trivial], peers })).rejects.toMatchObject({
      message: 'liar, trivial: wrong result: "tenant-0 41" instead of "tenant-0 42"',
      isWrongResult: true,
    });
  });

  it("fails at another tenant's result", async () => {
    const peers = [await peerThat('mixer', "return 'tenant-0 42';")];
    await expect(runSuite({ plan: QUICK, workloads: [trivial], peers })).rejects.toMatchObject({
      message: 'mixer, trivial: wrong result: "tenant-0 42" instead of "tenant-1 42"',
    });
  });

  it('leaves out what fails, and goes on', async () => {
    const peers = [
      await peerThat('thrower', "throw new Error('no more')"),
      await peerThat('dying', "console.error('out of luck'); process.exit(7)"),
      { ...(await peerThat('absent', RIGHT)), file: pathToFileURL(join(folder, 'none.mjs')).href },
      { ...(await peerThat('not-installed', RIGHT)), packages: ['some-sandbox'] },
      await peerThat('right', RIGHT),
    ];
    const {
      cells,
      leftOut,
      peers: present,
    } = await runSuite({ plan: QUICK, workloads: [trivial], peers }, 'there is no network');
    expect(present.map(({ name }) => name)).toEqual(['right']);
    expect(new Set(cells.map(({ peer }) => peer))).toEqual(new Set(['right']));
    expect(leftOut).toEqual([
      { peer: 'not-installed', reason: 'there is no network' },
      { peer: 'thrower', workload: 'trivial', reason: 'no more' },
      { peer: 'dying', workload: 'trivial', reason: 'its process has ended with 7: out of luck' },
      { peer: 'absent', reason: expect.stringContaining('none.mjs') },
    ]);
  });

  it('fails when this library does', async () => {
    const peers = [await peerThat('js-runtime', "throw new Error('no more')")];
    await expect(runSuite({ plan: QUICK, workloads: [trivial], peers })).rejects.toMatchObject({
      message: 'js-runtime, trivial: no more',
      isWrongResult: false,
    });
  });

  it.each([
    [['--quik'], "Unknown option '--quik'"],
    [['--peers', 'js-runtime,quikjs'], `--peers has 'quikjs': must be one or more of js-runtime, `],
    [['--peers', ''], "--peers has '': must be one or more of "],
    [['--workloads', 'jason'], "--workloads has 'jason': must be one or more of trivial, json, "],
    [['--rounds', '0'], "--rounds is '0': must be a whole number from 1 to 100"],
    [['--out', ''], "--out is '': must be a folder"],
    [['fload'], "There is no scenario 'fload': must be one of compilation, flood, "],
    [['flood', '--quick'], "flood takes no options, and has '--quick'"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await bench(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`peers: ${PEERS.map(({ name }) => name).join(', ')}`);
    expect(code).toBe(2);
  });
});
