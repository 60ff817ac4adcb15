import { EXPECTED, type Peer } from './peer.ts';

/** The process of one peer: answers each message `{ runs, gapMs }` with the times of that many runs, in milliseconds. */
export interface Round {
  readonly runs: number;
  /** Idle time before each run: 0 measures a caller in a loop, more a backend that has other things to do. */
  readonly gapMs: number;
}

const [, , peerFile = ''] = process.argv;
const peerModule = (await import(peerFile)) as { createPeer(): Promise<Peer> };
const peer = await peerModule.createPeer();

process.on('message', (round: Round) => {
  void measure(round).then((timesMs) => process.send?.(timesMs));
});
process.once('disconnect', () => {
  void peer.close().then(() => process.exit(0));
});
process.send?.('ready');

async function measure({ runs, gapMs }: Round): Promise<number[]> {
  const timesMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
    const startedAt = performance.now();
    const result = await peer.runOnce();
    timesMs.push(performance.now() - startedAt);
    if (result !== EXPECTED) throw new Error(`wrong result: ${String(result)}`);
  }
  return timesMs;
}
