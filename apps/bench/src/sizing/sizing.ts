import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBackend, type Backend } from '../load/backend.ts';
import { Answers, measureRound, type Work } from '../load/client.ts';
import { machine, median, ms, percentile, printHeader, printRow } from '../report.ts';
import { childrenOf, descriptorsOf, memoryOf, threadsOf, type Memory } from './memory.ts';

const POOLS_FOR_MEMORY = [2, 4, 10];
const POOLS_FOR_THROUGHPUT = [1, 2, 4];
const ROUNDS = 3;
const ROUND_MS = 3000;
const CLIENTS = 16;
const WATCH_INTERVAL_MS = 100;
/** After the VMs are there: their next realm, and what Node does after its start. */
const SETTLING_MS = 1000;

/** Nearly as much as a script may have by default, 64 MB, all of it alive at once. */
const LARGE = workOf(
  'const all = []; for (let n = 0; n < 40; n++) all.push(new Array(131_072).fill(n)); all.length',
  40,
);
/** Some 10 ms of CPU in the VM, next to nothing in the backend. */
const COMPUTING = workOf('let sum = 0; for (let n = 0; n < 2_100_000; n++) sum = (sum + n) % 7; sum', 0);

/**
 * What to give a backend: memory with pools of several sizes, idle and under load, and the throughput with several VMs on the same
 * CPUs. Everything from outside: the built backend over HTTP, and the kernel's account of its processes. Linux only.
 */
export async function measureSizing(): Promise<void> {
  console.log(`${machine()}, ${availableParallelism()} CPUs\n`);
  await measureMemory();
  console.log();
  await measureThroughput();
}

async function measureMemory(): Promise<void> {
  printHeader(
    ...['VMs', 'backend, idle', 'afterwards', 'a VM, idle', 'afterwards'],
    ...['all, idle', 'all, trivial', 'all, 40 MB each', 'threads', 'descriptors'],
  );
  for (const pool of POOLS_FOR_MEMORY) {
    const backend = await startWith(pool);
    try {
      const idle = memoryOf(backend.pid);
      const descriptors = descriptorsOf(backend.pid);
      const trivial = await peakUnder(backend);
      const large = await peakUnder(backend, LARGE);
      const after = memoryOf(backend.pid);
      const ofEach = [idle.backendMb, after.backendMb, median(idle.vmsMb), median(after.vmsMb)];
      const figures = [...ofEach, idle.totalMb, trivial, large].map((mb) => mb.toFixed(0));
      printRow(String(pool), ...figures, String(threadsOf(backend.pid)), String(descriptors));
    } finally {
      await backend.stop();
    }
  }
  console.log(
    `\nPSS in MB; the most within ${ROUND_MS / 1000} s with ${CLIENTS} clients; descriptors of the backend, idle`,
  );
}

/** The most memory that was seen while clients kept a backend busy. */
async function peakUnder(backend: Backend, work?: Work): Promise<number> {
  const seen: Memory[] = [];
  const watch = setInterval(() => seen.push(memoryOf(backend.pid)), WATCH_INTERVAL_MS);
  const answers = new Answers();
  await measureRound(
    { url: backend.url, clients: CLIENTS, patient: true, forMs: ROUND_MS, ...(work && { work }) },
    answers,
  );
  clearInterval(watch);
  failAt(answers);
  return Math.max(...seen.map(({ totalMb }) => totalMb));
}

async function measureThroughput(): Promise<void> {
  const backends = await Promise.all(POOLS_FOR_THROUGHPUT.map(startWith));
  const kinds = [
    { title: 'trivial', work: undefined },
    { title: '10 ms of CPU', work: COMPUTING },
  ];
  try {
    printHeader('script', 'VMs', 'executions/s', 'to the first', 'p50', 'p99');
    for (const { title, work } of kinds) {
      const measured = backends.map((backend) => ({ backend, answers: new Answers() }));
      for (let round = 0; round < ROUNDS; round++) {
        for (const { backend, answers } of measured) {
          const { url } = backend;
          await measureRound({ url, clients: CLIENTS, patient: true, forMs: ROUND_MS, ...(work && { work }) }, answers);
        }
      }
      const first = median(measured[0]?.answers.perSecond ?? []);
      for (const [index, { answers }] of measured.entries()) {
        failAt(answers);
        const perSecond = median(answers.perSecond);
        const times = [median(answers.timesMs), percentile(answers.timesMs, 99)].map(ms);
        printRow(
          title,
          String(POOLS_FOR_THROUGHPUT[index]),
          perSecond.toFixed(0),
          (perSecond / first).toFixed(2),
          ...times,
        );
      }
    }
  } finally {
    for (const backend of backends) await backend.stop();
  }
  console.log(`\n${ROUNDS} rounds of ${ROUND_MS / 1000} s that alternate, ${CLIENTS} clients`);
}

/** No more VMs than are kept ready, all of them any tenant's to have. */
async function startWith(pool: number): Promise<Backend> {
  const backend = await startBackend({
    JS_RUNTIME_POOL_SIZE: String(pool),
    JS_RUNTIME_MAX_VMS: String(pool),
    JS_RUNTIME_TENANT_CONCURRENCY: String(pool),
    JS_RUNTIME_AUDIT_ENABLED: 'false',
  });
  while (childrenOf(backend.pid).length < pool) await sleep(WATCH_INTERVAL_MS);
  await sleep(SETTLING_MS);
  return backend;
}

function workOf(script: string, result: number): Work {
  return { body: Buffer.from(JSON.stringify({ script })), result };
}

function failAt({ faults }: Answers): void {
  for (const [fault, count] of faults.entries()) {
    console.error(`FAILED: ${count} times ${fault}`);
    process.exitCode = 1;
  }
}
