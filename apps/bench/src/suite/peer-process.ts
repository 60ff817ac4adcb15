import { availableParallelism } from 'node:os';
import { ClosedLoop } from './closed-loop.ts';
import type { Answer, Request } from './messages.ts';
import type { Peer, PeerDefinition, Prepared } from './peer.ts';
import { WORKLOADS } from './workloads/all.ts';
import { WrongResultError } from './wrong-result.ts';

/*
 * The process of one peer: answers each request with what it was asked for.
 */

/** Enough that whatever a peer keeps for each of several at a time is there. */
const WARM_UP_IN_FLIGHT = 8;
const MOST_WARM_UP_MS = 4000;

const [, , peerFile = ''] = process.argv;
let peer: Peer | undefined;
let prepared: Prepared | undefined;
let loop: ClosedLoop | undefined;

process.on('message', (request: Request) => {
  void reply(async () => answerTo(request));
});
process.once('disconnect', () => {
  void end();
});
await reply(async () => {
  const { peer: definition } = (await import(peerFile)) as { peer: PeerDefinition };
  peer = await definition.start({ cores: availableParallelism() });
  return { is: 'started', ...(peer.version !== undefined && { version: peer.version }) };
});

async function answerTo(request: Request): Promise<Answer> {
  switch (request.do) {
    case 'prepare':
      return prepare(request);
    case 'measure':
      if (!loop) throw new Error('nothing is prepared');
      return { is: 'measured', round: await loop.measure(request.load) };
  }
}

async function prepare({ workload: name, tenants, warmUpMs }: Request & { do: 'prepare' }): Promise<Answer> {
  await prepared?.close();
  prepared = loop = undefined;
  const workload = WORKLOADS.find((one) => one.name === name);
  if (!workload || !peer) throw new Error(`there is no workload ${name}, or no peer`);
  prepared = await peer.prepare(workload, tenants);
  loop = new ClosedLoop(workload, prepared, tenants);
  await loop.warmUp(warmUpMs, MOST_WARM_UP_MS, WARM_UP_IN_FLIGHT);
  return { is: 'prepared' };
}

async function reply(work: () => Promise<Answer>): Promise<void> {
  let answer: Answer;
  try {
    answer = await work();
  } catch (error) {
    const isWrongResult = error instanceof WrongResultError;
    answer = { is: 'failed', reason: error instanceof Error ? error.message : String(error), isWrongResult };
  }
  process.send?.(answer);
}

async function end(): Promise<void> {
  await prepared?.close();
  await peer?.close();
  process.exit(0);
}
