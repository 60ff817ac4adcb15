import { machine, median, ms, percentile, printHeader, printRow } from '../report.ts';
import { startBackend } from './backend.ts';
import { Answers, measureRound } from './client.ts';

const ROUNDS = 3;
const ROUND_MS = 3000;
/** Of the best throughput, what must be left when more clients come than there are VMs. */
const MIN_SHARE = 0.7;

interface Level {
  readonly clients: number;
  /** Whether clients come back when they were told to, or at once. */
  readonly patient: boolean;
  /** What is asked of this level beyond what is asked of all. */
  readonly expects?: 'throughput' | 'refusals';
}

/** 256 clients are 128 of each tenant: more than may run and wait. */
const QUEUES = { JS_RUNTIME_TENANT_CONCURRENCY: '5', JS_RUNTIME_TENANT_QUEUE_SIZE: '100' };
const LEVELS: readonly Level[] = [
  { clients: 1, patient: true },
  { clients: 4, patient: true },
  { clients: 16, patient: true, expects: 'throughput' },
  { clients: 64, patient: true, expects: 'throughput' },
  { clients: 256, patient: true, expects: 'refusals' },
  { clients: 256, patient: false, expects: 'refusals' },
];

/**
 * A trivial script over HTTP, from two tenants in closed loops with more and more clients; the backend is a process of its
 * own, and so is the load. Rounds of all levels alternate.
 */
export async function measureLoad(): Promise<void> {
  const backend = await startBackend(QUEUES);
  const measured = LEVELS.map((level) => ({ level, answers: new Answers() }));
  try {
    await measureRound({ url: backend.url, clients: 16, patient: true, forMs: ROUND_MS }, new Answers());
    for (let round = 0; round < ROUNDS; round++) {
      for (const { level, answers } of measured) {
        await measureRound({ url: backend.url, forMs: ROUND_MS, ...level }, answers);
      }
    }
  } finally {
    await backend.stop();
  }

  console.log(`${machine()}, ${ROUNDS} rounds of ${ROUND_MS / 1000} s each; times are of answers with 200\n`);
  printHeader('clients', 'executions/s', 'p50', 'p99', 'answers by status');
  for (const { level, answers } of measured) {
    const { timesMs, perSecond, statuses } = answers;
    const figures = [median(timesMs), percentile(timesMs, 99)].map(ms);
    printRow(titleOf(level), median(perSecond).toFixed(0), ...figures, String(statuses));
  }
  const best = Math.max(...measured.map(({ answers }) => median(answers.perSecond)));
  for (const { level, answers } of measured) {
    for (const problem of problemsOf(level, answers, best)) {
      console.error(`FAILED: ${titleOf(level)} clients: ${problem}`);
      process.exitCode = 1;
    }
  }
}

function titleOf({ clients, patient }: Level): string {
  return patient ? String(clients) : `${clients}, ignoring Retry-After`;
}

function problemsOf({ expects }: Level, { perSecond, statuses, faults }: Answers, best: number): string[] {
  const problems = faults.entries().map(([fault, count]) => `${count} times ${fault}`);
  const share = median(perSecond) / best;
  if (expects === 'throughput' && !(share >= MIN_SHARE)) {
    problems.push(`${share.toFixed(2)} of the best throughput; at least ${MIN_SHARE} is expected`);
  }
  if (expects === 'refusals' && statuses.of('429') + statuses.of('503') === 0) {
    problems.push('none was refused, though there are more than can be served');
  }
  return problems;
}
