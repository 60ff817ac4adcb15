import { isDeepStrictEqual } from 'node:util';
import type { RetireReason } from 'nestjs-js-runtime';
import type { Attack, Expected, Step, Table } from './attack.ts';
import type { MemoryMeter } from './memory-meter.ts';
import { ATTACKERS, BENIGN, type Answer, type AnswerBody, type Attacked, type Pool, type Tenant } from './target.ts';

/** What came of one case. */
export interface Verdict {
  readonly category: string;
  readonly name: string;
  /** The value or the error code that the last step came to. */
  readonly outcome: string;
  /** What stopped it: see `wallOf`. */
  readonly wall: string;
  /** Of all steps, without what came after. */
  readonly ms: number;
  /** By how much a VM process was over its idle size. */
  readonly peakMb?: number;
  /** What is not as it should be; empty for a case that passes. */
  readonly faults: readonly string[];
}

/** Runs one case, alone, and then a benign script of somebody else. */
export async function runAttack(target: Attacked, table: Table, attack: Attack, meter: MemoryMeter): Promise<Verdict> {
  const { pid } = target;
  const faults: string[] = [];
  const before = await target.poolAtRest();
  if (table.measuresMemory) meter.start(before.vms.map((vm) => vm.pid));

  const tenant = nextAttacker();
  const answers: Answer[] = [];
  for (const step of attack.steps) {
    const by = step.byAnother ? another(tenant) : tenant;
    const answer = await madeFor(target, by, bodyOf(table, step));
    answers.push(answer);
    const fault = faultOf(answer, step.expected);
    if (fault !== undefined) faults.push(`step ${answers.length}: ${fault}`);
    if (target.isIndiscreet(answer))
      faults.push(`step ${answers.length}: the answer has a secret: ${brief(answer.text)}`);
  }
  const peakMb = table.measuresMemory && meter.stop();

  const vmIds = new Set(answers.map(({ body }) => body.vmId).filter((id) => id !== undefined));
  if (table.sharesVm && vmIds.size > 1) faults.push('the steps ran in different VMs');
  faults.push(...(await faultsOfBenign(target)));
  const after = await target.poolAtRest();
  if (!target.alive || target.pid !== pid) faults.push('the backend is not the same process');

  const last = answers.at(-1);
  if (!last) throw new Error(`${attack.name} has no steps`);
  return {
    category: table.category,
    name: attack.name,
    outcome: outcomeOf(last),
    wall: wallOf(
      last,
      before,
      after,
      attack.steps.some(({ byAnother }) => byAnother),
    ),
    ms: answers.reduce((sum, { ms }) => sum + ms, 0),
    ...(peakMb !== undefined && { peakMb }),
    faults,
  };
}

/** How often a step is made that got no VM. */
const MOST_TRIES = 3;

/**
 * One that got no VM in its few milliseconds, while the machine did something else, was no attack: nothing of it has run. It is
 * made again.
 */
async function madeFor(target: Attacked, tenant: Tenant, body: object): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await target.execute(tenant, body);
    if (answer.body.code !== 'POOL_EXHAUSTED' || tries === MOST_TRIES) return answer;
    await target.poolAtRest();
  }
}

/** The body of the request that a step makes. */
export function bodyOf(table: Table, { script, more }: Step): object {
  const { forged, limits = table.limits, ...rest } = more;
  return { script, limits, ...rest, ...forged };
}

/** Why an answer is not what was expected; undefined when it is. */
export function faultOf(answer: Answer, expected: Expected): string | undefined {
  const { status, body } = answer;
  if ('anyValue' in expected) return status === 200 ? undefined : `it came to ${outcomeOf(answer)}`;
  if ('codes' in expected) {
    if (expected.orValue && status === 200) return undefined;
    const { codes, error = body.error?.name, at = positionOf(body) } = expected;
    if (codes.some((code) => code === body.code) && body.error?.name === error && positionOf(body) === at)
      return undefined;
    const which = [expected.error && `of ${expected.error}`, expected.at && `at ${expected.at}`]
      .filter(Boolean)
      .join(' ');
    return `expected ${codes.join(' or ')} ${which}, it came to ${outcomeOf(answer)} at ${positionOf(body)}`;
  }
  if (status !== 200 || !isDeepStrictEqual(body.result, expected.value)) {
    return `expected ${brief(JSON.stringify(expected.value))}, it came to ${outcomeOf(answer)}`;
  }
  const logs = body.logs?.map(({ message }) => message);
  if (!expected.logs || isDeepStrictEqual(logs, expected.logs)) return undefined;
  return `expected the logs ${JSON.stringify(expected.logs)}, they are ${brief(JSON.stringify(logs))}`;
}

/** What the benign script takes, and some more. */
const BENIGN_MB = 20;

/**
 * A script that somebody else runs after each attack, and that has to be answered right. It waits, and takes memory, so that
 * it meets what the attack has left behind; and its receipt must not have anything of it.
 */
export async function faultsOfBenign(target: Attacked): Promise<string[]> {
  const a = Math.trunc(Math.random() * 1000);
  const script = `(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const kept = Array.from({ length: 5 }, () => new Uint8Array(1e6).fill(1));
    const sum = input.list.reduce((x, y) => x + y, 0);
    return { sum, kept: kept.length, tenant: context.tenant.id, globals: Object.keys(globalThis) };
  })()`;
  const answer = await target.execute(BENIGN, { script, input: { list: [a, 1, 2] } });
  const expected = { value: { sum: a + 3, kept: 5, tenant: BENIGN, globals: ['context', 'input'] }, logs: [] };
  const fault = faultOf(answer, expected);
  if (fault !== undefined) return [`the benign script: ${fault}`];
  const { cpuMs = -1, peakMemoryBytes = Infinity } = answer.body.usage ?? {};
  const isFair = cpuMs > 0 && peakMemoryBytes < BENIGN_MB * 2 ** 20;
  return isFair ? [] : [`the receipt of the benign script: ${JSON.stringify(answer.body.usage)}`];
}

function positionOf({ error }: AnswerBody): string {
  return `${error?.file ?? '?'}:${error?.line ?? '?'}:${error?.column ?? '?'}`;
}

export function outcomeOf({ status, body }: Answer): string {
  if (status === 200) return body.result === undefined ? 'undefined' : brief(JSON.stringify(body.result));
  const detail = body.code === 'SCRIPT_ERROR' || body.code === undefined ? ` (${brief(body.detail ?? '')})` : '';
  return `${body.code ?? status}${detail}`;
}

/**
 * `backend`: refused before a VM saw it. `compiler`: it is no script. `realm`: it ran to its end, and could do nothing.
 * `isolate`: it was interrupted, or another tenant's isolate was not to be reached. `process`: the VM was ended from
 * outside, or ended itself, with the pool's word for why.
 */
function wallOf({ status, body }: Answer, before: Pool, after: Pool, isOfTwoTenants: boolean): string {
  const ends = Object.entries(after.stats.destroyedBy)
    .filter(([reason, count]) => count > before.stats.destroyedBy[reason as RetireReason])
    .map(([reason]) => reason);
  const replaced = ends.length === 0 ? '' : ` (${ends.join(', ')})`;
  switch (body.code) {
    case 'INVALID_REQUEST':
    case 'SCRIPT_TOO_LARGE':
    case 'INPUT_TOO_LARGE':
    case 'REQUEST_TOO_LARGE':
      return 'backend';
    case 'COMPILATION_FAILED':
      return `compiler${replaced}`;
    case 'WALL_TIME_LIMIT_EXCEEDED':
    case 'MEMORY_LIMIT_EXCEEDED':
    case 'CPU_TIME_LIMIT_EXCEEDED':
      // Interrupted cleanly, it costs its isolate only.
      return ends.length === 0 ? 'isolate' : `process${replaced}`;
    case 'VM_CRASHED':
      return `process${replaced}`;
    default:
      return status === 200 && isOfTwoTenants ? `isolate${replaced}` : `realm${replaced}`;
  }
}

let turn = 0;

function nextAttacker(): Tenant {
  return ATTACKERS[turn++ % ATTACKERS.length] ?? ATTACKERS[0];
}

function another(tenant: Tenant): Tenant {
  return ATTACKERS.find((other) => other !== tenant) ?? tenant;
}

function brief(text = 'undefined'): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
