import type { Cell, Measured } from './results.ts';
import type { Target } from './target.ts';
import { OURS, OURS_WARM } from './ours.ts';
import { SPACED_GAP_MS } from './plan.ts';

type Figure = 'p50Ms' | 'perSecond';

interface At {
  readonly workload: string;
  readonly tenants?: number;
  readonly inFlight?: number;
  readonly gapMs?: number;
}

const SPACED = { gapMs: SPACED_GAP_MS } as const;
const LATENCIES = [
  { how: `${SPACED_GAP_MS} ms apart`, at: SPACED },
  { how: 'back to back', at: {} },
] as const;
/** Where throughput is compared. */
const IN_FLIGHT = 8;
const WARM_IN_FLIGHT = 32;
/** So much beyond the round trip of a pipe may an invocation take for all that is done with it. */
const OWN_MS = 0.03;

export function targetsOf({ cells, peers }: Pick<Measured, 'cells' | 'peers'>): Target[] {
  const figureOf = (peer: string, figure: Figure, at: At): number | undefined => {
    const { workload, tenants = 1, inFlight = 1, gapMs = 0 } = at;
    const isIt = (cell: Cell): boolean =>
      cell.peer === peer &&
      cell.workload === workload &&
      cell.tenants === tenants &&
      cell.inFlight === inFlight &&
      cell.gapMs === gapMs;
    return cells.find(isIt)?.[figure];
  };
  /** Ours by theirs. */
  const ratio = (figure: Figure, peer: string, at: At): number | undefined =>
    quotient(figureOf(OURS, figure, at), figureOf(peer, figure, at));
  const latency = (what: string, peer: string, at: At): [string, number | undefined, '×'] => [
    `${what}: p50, js-runtime / ${peer}`,
    ratio('p50Ms', peer, at),
    '×',
  ];
  const throughput = (what: string, peer: string, at: At): [string, number | undefined, '×'] => [
    `${what}: executions/s, js-runtime / ${peer}`,
    ratio('perSecond', peer, at),
    '×',
  ];
  const warm = (at: At): number | undefined => figureOf(OURS_WARM, 'p50Ms', at);
  const [spaced, backToBack] = LATENCIES;
  const trivial = { workload: 'trivial' };

  return [
    target(latency(`Trivial, ${spaced.how}`, 'raw-isolated-vm', { ...trivial, ...spaced.at }), 'at most', 0.3),
    target(latency(`Trivial, ${spaced.how}`, 'quickjs', { ...trivial, ...spaced.at }), 'below', 1),
    target(latency(`Trivial, ${backToBack.how}`, 'raw-isolated-vm', trivial), 'at most', 0.7),
    target(
      throughput(`Trivial, ${IN_FLIGHT} in flight`, 'raw-isolated-vm', { ...trivial, inFlight: IN_FLIGHT }),
      'at least',
      1.2,
    ),
    target(
      throughput(`Trivial, 100 tenants, ${IN_FLIGHT} in flight`, 'raw-isolated-vm-fresh', {
        ...trivial,
        tenants: 100,
        inFlight: IN_FLIGHT,
      }),
      'at least',
      2,
    ),
    ...LATENCIES.flatMap(({ how, at }) => [
      target(latency(`JSON, ${how}`, 'node-vm', { workload: 'json', ...at }), 'at most', 1.1),
      target(latency(`CPU, ${how}`, 'node-vm', { workload: 'cpu', ...at }), 'at most', 1.1),
      target(latency(`Large script, ${how}`, 'node-vm', { workload: 'large', ...at }), 'at most', 1.5),
      target(
        [`10 host calls, ${how}: p50 of js-runtime`, figureOf(OURS, 'p50Ms', { workload: 'host-calls', ...at }), 'ms'],
        'at most',
        1,
      ),
    ]),
    ...LATENCIES.flatMap(({ how, at }) =>
      peers
        .filter(
          ({ name, isolation }) => name !== OURS && isolation.fromBackend === 'process' && isolation.state === 'fresh',
        )
        .map(({ name }) => {
          const ours = ratio('p50Ms', name, { ...trivial, ...at });
          const found = ours === undefined ? undefined : 1 / ours;
          return target([`Trivial, ${how}: p50, ${name} / js-runtime`, found, '×'], 'at least', 20);
        }),
    ),
    target(
      [
        `Trivial, warm, ${WARM_IN_FLIGHT} in flight: executions/s, ${OURS_WARM} / raw-isolated-vm`,
        quotient(
          figureOf(OURS_WARM, 'perSecond', { ...trivial, inFlight: WARM_IN_FLIGHT }),
          figureOf('raw-isolated-vm', 'perSecond', { ...trivial, inFlight: WARM_IN_FLIGHT }),
        ),
        '×',
      ],
      'at least',
      25,
    ),
    ...LATENCIES.flatMap(({ how, at }) => [
      target(
        [
          `Trivial, warm, ${how}: p50 of ${OURS_WARM} less ${OWN_MS} ms, / pipe`,
          quotient(less(warm({ ...trivial, ...at }), OWN_MS), figureOf('pipe', 'p50Ms', { ...trivial, ...at })),
          '×',
        ],
        'at most',
        1.5,
      ),
      target(
        [`10 host calls, warm, ${how}: p50 of ${OURS_WARM}`, warm({ workload: 'host-calls', ...at }), 'ms'],
        'at most',
        0.5,
      ),
      target(
        [
          `Large script / trivial, both warm, ${how}: p50 of ${OURS_WARM}`,
          quotient(warm({ workload: 'large', ...at }), warm({ ...trivial, ...at })),
          '×',
        ],
        'at most',
        1.2,
      ),
    ]),
  ];
}

function target(
  [what, found, unit]: [string, number | undefined, Target['unit']],
  wanted: Target['wanted'],
  limit: number,
): Target {
  if (found === undefined) return { what, found: null, unit, wanted, limit, isMet: null };
  return { what, found: Number(found.toPrecision(3)), unit, wanted, limit, isMet: isWithin(found, wanted, limit) };
}

function quotient(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one / other;
}

function less(one: number | undefined, other: number): number | undefined {
  return one === undefined ? undefined : one - other;
}

function isWithin(found: number, wanted: Target['wanted'], limit: number): boolean {
  switch (wanted) {
    case 'at most':
      return found <= limit;
    case 'at least':
      return found >= limit;
    case 'below':
      return found < limit;
  }
}
