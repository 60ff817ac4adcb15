import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXPECTED, SCRIPT } from '../trivial-script.ts';
import { Tally } from '../report.ts';

/** `node:http` with an agent, and one body made once: of the two CPUs that are there, the backend should have most. */
const agent = new Agent({ keepAlive: true });
const TRIVIAL: Work = { body: Buffer.from(JSON.stringify({ script: SCRIPT })), result: EXPECTED };
const KEYS = ['acme-dev-key', 'globex-dev-key'] as const;
/** Longer than an execution may take in the backend, waiting included. */
const REQUEST_TIMEOUT_MS = 40_000;

/** What clients got, in one round or in several. */
export class Answers {
  readonly statuses = new Tally();
  /** Of the requests that were answered with 200. */
  readonly timesMs: number[] = [];
  /** Of one round each. */
  readonly perSecond: number[] = [];
  /** What must not happen, whatever the load. */
  readonly faults = new Tally();
}

export interface Work {
  /** Of the request, made once. */
  readonly body: Buffer;
  readonly result: number;
}

export interface Round {
  readonly url: URL;
  /** Default: a trivial script. */
  readonly work?: Work;
  readonly clients: number;
  readonly forMs: number;
  /** Whether a client that is told when to come back does wait. */
  readonly patient: boolean;
}

/** A closed loop: every client asks again as soon as it has its answer. Half of them are of either tenant. */
export async function measureRound(round: Round, answers: Answers): Promise<void> {
  const startedAt = performance.now();
  const before = answers.timesMs.length;
  const until = startedAt + round.forMs;
  const clients = Array.from({ length: round.clients }, async (_, index) => {
    const key = KEYS[index % KEYS.length] ?? KEYS[0];
    while (performance.now() < until) {
      const waitMs = await ask(round, key, answers);
      if (round.patient && waitMs > 0) await sleep(Math.max(0, Math.min(waitMs, until - performance.now())));
    }
  });
  await Promise.all(clients);
  answers.perSecond.push(((answers.timesMs.length - before) * 1000) / (performance.now() - startedAt));
}

/** Makes one request; gives how long the client was told to wait before the next. */
async function ask(round: Round, key: string, { statuses, timesMs, faults }: Answers): Promise<number> {
  const { url, work = TRIVIAL } = round;
  const startedAt = performance.now();
  try {
    const { status, retryAfter, body } = await post(url, key, work.body);
    statuses.add(String(status));
    if (status === 200) {
      timesMs.push(performance.now() - startedAt);
      if (!body.includes(`"result":${work.result},`)) faults.add(`wrong result: ${body}`);
      return 0;
    }
    if (status !== 429 && status !== 503) faults.add(`${status} ${body}`);
    else if (!(Number(retryAfter) > 0)) faults.add(`${status} with Retry-After ${retryAfter ?? 'missing'}`);
    return Number(retryAfter ?? 0) * 1000;
  } catch (error) {
    statuses.add('none');
    faults.add(String(error));
    return 0;
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function post(url: URL, key: string, sent: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      'Content-Length': sent.byteLength,
    };
    const outgoing = request(url, { agent, method: 'POST', headers, timeout: REQUEST_TIMEOUT_MS });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`)));
    outgoing.on('response', (incoming) => {
      let body = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (body += chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, retryAfter: incoming.headers['retry-after'], body });
      });
    });
    outgoing.end(sent);
  });
}
