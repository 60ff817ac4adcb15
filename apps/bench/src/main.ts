import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Round } from './peer-process.ts';

/*
 * One sequential execution of a trivial script, on warm VMs, in rounds that alternate between the peers: the machine's
 * mood falls on all of them alike, so the ratios hold where the figures do not.
 */

const PEERS = ['js-runtime', 'raw-isolated-vm'] as const;
const ROUNDS = 5;
const WARM_UP: Round = { runs: 500, gapMs: 0 };
const WORKLOADS: readonly (Round & { readonly title: string })[] = [
  { title: 'back to back', runs: 500, gapMs: 0 },
  { title: '2 ms apart', runs: 200, gapMs: 2 },
];

type PeerName = (typeof PEERS)[number];

const processes = new Map<PeerName, ChildProcess>();
for (const name of PEERS) {
  const file = fileURLToPath(new URL('peer-process.ts', import.meta.url));
  const peerFile = new URL(`peers/${name}.ts`, import.meta.url).href;
  // isolated-vm in a process with Node's own snapshot crashes: https://github.com/laverdet/isolated-vm/issues/420
  const child = fork(file, [peerFile], { execArgv: ['--no-node-snapshot'] });
  await once(child, 'message');
  processes.set(name, child);
}

console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${ROUNDS} rounds each\n`);
console.log('| workload | js-runtime p50 | raw isolated-vm p50 | ratio of p50 |');
console.log('|---|---|---|---|');
for (const name of PEERS) await measure(name, WARM_UP);
for (const workload of WORKLOADS) {
  const p50s = new Map<PeerName, number[]>(PEERS.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of PEERS) p50s.get(name)?.push(median(await measure(name, workload)));
  }
  const [ours = NaN, raw = NaN] = PEERS.map((name) => median(p50s.get(name) ?? []));
  console.log(`| ${workload.title} | ${ours.toFixed(3)} ms | ${raw.toFixed(3)} ms | ${(ours / raw).toFixed(2)} |`);
}
for (const child of processes.values()) child.disconnect();

async function measure(name: PeerName, { runs, gapMs }: Round): Promise<number[]> {
  const child = processes.get(name);
  if (!child) throw new Error(`no process for ${name}`);
  const reply = once(child, 'message');
  child.send({ runs, gapMs } satisfies Round);
  const [timesMs] = (await reply) as [number[]];
  return timesMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
