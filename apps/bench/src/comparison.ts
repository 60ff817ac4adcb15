import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Round } from './peer-process.ts';
import { machine, median, ms, printHeader, printRow } from './report.ts';

const PEERS = ['js-runtime', 'raw-isolated-vm'] as const;
const ROUNDS = 5;
const WARM_UP: Round = { runs: 500, gapMs: 0 };
const WORKLOADS: readonly (Round & { readonly title: string })[] = [
  { title: 'back to back', runs: 500, gapMs: 0 },
  { title: '2 ms apart', runs: 200, gapMs: 2 },
];

type PeerName = (typeof PEERS)[number];

/**
 * One sequential execution of a trivial script, on warm VMs, in rounds that alternate between the peers: the machine's
 * mood falls on all of them alike, so the ratios hold where the figures do not.
 */
export async function compare(): Promise<void> {
  const processes = new Map<PeerName, ChildProcess>();
  for (const name of PEERS) processes.set(name, await startPeer(name));

  console.log(`${machine()}, ${ROUNDS} rounds each\n`);
  printHeader('workload', 'js-runtime p50', 'raw isolated-vm p50', 'ratio of p50');
  for (const child of processes.values()) await measure(child, WARM_UP);
  for (const workload of WORKLOADS) {
    const p50s = new Map<PeerName, number[]>(PEERS.map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, child] of processes) p50s.get(name)?.push(median(await measure(child, workload)));
    }
    const [ours = NaN, raw = NaN] = PEERS.map((name) => median(p50s.get(name) ?? []));
    printRow(workload.title, ms(ours), ms(raw), (ours / raw).toFixed(2));
  }
  for (const child of processes.values()) child.disconnect();
}

async function startPeer(name: PeerName): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('peer-process.ts', import.meta.url));
  const peerFile = new URL(`peers/${name}.ts`, import.meta.url).href;
  // isolated-vm in a process with Node's own snapshot crashes: https://github.com/laverdet/isolated-vm/issues/420
  const child = fork(file, [peerFile], { execArgv: ['--no-node-snapshot'] });
  await once(child, 'message');
  return child;
}

async function measure(child: ChildProcess, { runs, gapMs }: Round): Promise<number[]> {
  const reply = once(child, 'message');
  child.send({ runs, gapMs } satisfies Round);
  const [timesMs] = (await reply) as [number[]];
  return timesMs;
}
