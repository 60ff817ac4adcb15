import type { ErrorCode, ExecuteOptions } from 'nestjs-js-runtime';
import type { Random } from './random.ts';

export type Outcome = ErrorCode | 'OK';

/** One kind of execution in the mix. */
export interface Kind {
  readonly name: string;
  /** How often, in comparison to the others. */
  readonly weight: number;
  readonly script: string | ((random: Random) => string);
  readonly ends: readonly Outcome[];
  readonly options?: Pick<ExecuteOptions, 'wrap' | 'limits'>;
  /** How long after the call it is cancelled. */
  readonly cancelAfterMs?: number;
  /** Passes a signal that outlives the execution, as that of a request or of a whole application may. */
  readonly hasLongSignal?: true;
}

/** Every script that ends well says for whom and with what it ran; white space around that does not count. */
const ANSWER = '`${context.tenant.id} ${input}`';

export function isAnswer(value: unknown, tenantId: string, input: number): boolean {
  return typeof value === 'string' && value.trim() === `${tenantId} ${input}`;
}

const ENDLESS = 'while (true) {}';
const SLEEPING = 'await new Promise((resolve) => setTimeout(resolve, 60_000))';
const SHORT = { timeoutMs: 150 };

/** Whatever costs a VM is rare: starting one takes as much CPU as hundreds of small executions. */
export const KINDS: readonly Kind[] = [
  { name: 'trivial', weight: 400, ends: ['OK'], script: ANSWER },
  {
    name: 'small',
    weight: 200,
    ends: ['OK'],
    script: `JSON.stringify(Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(n) }))); ${ANSWER}`,
  },
  {
    name: 'marks its realm',
    weight: 50,
    ends: ['OK'],
    script: `if ('mark' in globalThis) throw new Error('a used realm'); globalThis.mark = Object.prototype.mark = 1; ${ANSWER}`,
  },
  // The cache of compiled code is full soon, and has to forget.
  { name: 'new source', weight: 60, ends: ['OK'], script: (random) => `// ${random(2 ** 32)}\n${ANSWER}` },
  { name: 'long-lived signal', weight: 60, ends: ['OK'], script: ANSWER, hasLongSignal: true },
  { name: 'throws', weight: 60, ends: ['SCRIPT_ERROR'], script: 'throw new RangeError(context.tenant.id)' },
  { name: 'rejects', weight: 20, ends: ['SCRIPT_ERROR'], script: 'Promise.reject(new Error("no")); 1' },
  { name: 'not JavaScript', weight: 20, ends: ['COMPILATION_FAILED'], script: 'const const' },
  { name: 'not JSON', weight: 10, ends: ['RESULT_NOT_SERIALIZABLE'], script: '() => 1' },
  { name: 'large result', weight: 10, ends: ['OK'], script: `${ANSWER} + ' '.repeat(500_000)` },
  { name: 'too large result', weight: 5, ends: ['RESULT_TOO_LARGE'], script: "'x'.repeat(2_000_000)" },
  {
    name: 'allocates',
    weight: 40,
    ends: ['OK'],
    script: `const all = []; for (let n = 0; n < 40; n++) all.push(new Array(10_000).fill(n)); ${ANSWER}`,
  },
  {
    name: 'exhausts its heap',
    weight: 3,
    ends: ['MEMORY_LIMIT_EXCEEDED'],
    script: 'const all = []; for (;;) all.push(new Array(10_000).fill(all.length))',
  },
  {
    name: 'logs a lot',
    weight: 20,
    ends: ['OK'],
    script: `for (let n = 0; n < 2000; n++) console.log('line', n, { n }); ${ANSWER}`,
  },
  {
    name: 'timers',
    weight: 40,
    ends: ['OK'],
    script: `setInterval(() => {}, 1); await new Promise((resolve) => setTimeout(resolve, 10)); return ${ANSWER}`,
    options: { wrap: 'function' },
  },
  {
    name: 'loops too long',
    weight: 3,
    ends: ['WALL_TIME_LIMIT_EXCEEDED'],
    script: ENDLESS,
    options: { limits: SHORT },
  },
  {
    name: 'sleeps too long',
    weight: 3,
    ends: ['WALL_TIME_LIMIT_EXCEEDED'],
    script: SLEEPING,
    options: { wrap: 'function', limits: SHORT },
  },
  // There are more callers than VMs, so most of these still wait.
  { name: 'cancelled at once', weight: 15, ends: ['CANCELLED', 'OK'], script: ANSWER, cancelAfterMs: 0 },
  { name: 'cancelled in a loop', weight: 3, ends: ['CANCELLED'], script: ENDLESS, cancelAfterMs: 100 },
  {
    name: 'cancelled asleep',
    weight: 3,
    ends: ['CANCELLED'],
    script: SLEEPING,
    options: { wrap: 'function' },
    cancelAfterMs: 100,
  },
];

/** How any execution may end when there is more to do than the queues take, and how it may not end often. */
export const REFUSALS: readonly string[] = ['TENANT_BUSY', 'POOL_EXHAUSTED'] satisfies Outcome[];

const TOTAL_WEIGHT = KINDS.reduce((sum, { weight }) => sum + weight, 0);

export function pickKind(random: Random): Kind {
  let left = random(TOTAL_WEIGHT);
  for (const kind of KINDS) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  throw new Error('the weights do not add up');
}
