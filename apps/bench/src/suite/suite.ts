import { fileURLToPath } from 'node:url';
import { machineFacts } from '../overload/machine-facts.ts';
import { installPackages } from '../packages.ts';
import { currentCommit } from './commit.ts';
import type { SuiteOptions } from './options.ts';
import { PeerFailure } from './peer-client.ts';
import { PEERS } from './peers/all.ts';
import { FULL, QUICK } from './plan.ts';
import { reportOf } from './report.ts';
import type { Results } from './results.ts';
import { runSuite } from './run-suite.ts';
import { targetsOf } from './targets.ts';
import { WORKLOADS } from './workloads/all.ts';
import { writeResults } from './write.ts';

const DOCS = fileURLToPath(new URL('../../../../docs/benchmarks', import.meta.url));
/** What `--quick` runs: this library, and what needs no installation beside the project's. */
const QUICK_PEERS = ['js-runtime', 'raw-isolated-vm', 'raw-isolated-vm-fresh', 'node-vm', 'js-runtime-warm', 'pipe'];

export const KNOWN = {
  peers: PEERS.map(({ name }) => name),
  workloads: WORKLOADS.map(({ name }) => name),
};

export async function benchSuite(options: SuiteOptions): Promise<void> {
  const { isQuick } = options;
  const base = isQuick ? QUICK : FULL;
  const plan = { ...base, rounds: options.rounds ?? base.rounds };
  const names = options.peers ?? (isQuick ? QUICK_PEERS : KNOWN.peers);
  const peers = names.flatMap((name) => PEERS.filter((peer) => peer.name === name));
  const workloads = WORKLOADS.filter(({ name }) => options.workloads?.includes(name) ?? true);
  const needsPackages = !isQuick || peers.some(({ packages }) => packages.length > 0);
  const failure = needsPackages ? (await installPackages()).failure : undefined;

  const measuredAt = new Date().toISOString();
  const commit = await currentCommit();
  let results: Results;
  try {
    const measured = await runSuite({ plan, workloads, peers }, failure);
    results = { measuredAt, commit, machine: machineFacts(), plan, targets: targetsOf(measured), ...measured };
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
    console.error(`FAILED: ${error.message}`);
    process.exitCode = 1;
    return;
  }

  const command = 'npm run bench';
  const noCharts = needsPackages ? failure : 'a quick run has none';
  const isPartial = isQuick || options.peers !== undefined || options.workloads !== undefined;
  const folder = options.out ?? (isPartial ? undefined : DOCS);
  if (folder === undefined) console.log(reportOf(results, workloads, command, 'they are written to a folder'));
  else console.log(`The report is ${await writeResults(results, workloads, { folder, command, noCharts })}`);
}
