import { tableOf } from '../overload/markdown.ts';
import type { Isolation } from './peer.ts';
import { conditionsOf } from './plan.ts';
import type { Cell, Results } from './results.ts';
import type { Target } from './target.ts';

const NONE = '-';

export function peersTable({ peers }: Results): string {
  return tableOf([
    ['peer', 'version', 'between script and backend', 'between tenants', 'state', 'globals', 'how it is used here'],
    ...peers.map(({ name, title, version, isolation, use }) => [
      title === name ? `\`${name}\`` : `${title} (\`${name}\`)`,
      version ?? NONE,
      isolation.fromBackend,
      isolation.betweenTenants,
      isolation.state,
      isolation.globals,
      use,
    ]),
  ]);
}

export function targetsTable({ targets }: Results): string {
  return tableOf([
    ['what', 'found', 'wanted', 'verdict'],
    ...targets.map(({ what, found, unit, wanted, limit, isMet }) => [
      what,
      found === null ? NONE : withUnit(found, unit),
      `${wanted} ${withUnit(limit, unit)}`,
      isMet === null ? 'not measured' : isMet ? 'met' : '**not met**',
    ]),
  ]);
}

/** A row for each peer that has figures, with what isolates it beside them. */
export function workloadTable({ cells, peers, plan }: Results, workload: string, tenants: number): string {
  const conditions = conditionsOf(plan, tenants);
  const busy = conditions.filter(({ gapMs }) => gapMs === 0);
  const rows = peers.flatMap(({ name, isolation }) => {
    const own = cells.filter((cell) => cell.peer === name && cell.workload === workload && cell.tenants === tenants);
    if (own.length === 0) return [];
    const at = ({ inFlight, gapMs }: (typeof conditions)[number]): Cell | undefined =>
      own.find((cell) => cell.inFlight === inFlight && cell.gapMs === gapMs);
    const last = own.at(-1);
    return [
      [
        name,
        shortOf(isolation),
        isolation.state,
        ...conditions.map((condition) => latencyOf(at(condition))),
        ...busy.map((condition) => perSecondOf(at(condition))),
        ...busy.map((condition) => numberOf(at(condition)?.cpuMsPerExecution)),
        wholeOf(last?.rssMb),
        wholeOf(last?.pssMb),
      ],
    ];
  });
  const header = [
    'peer',
    'isolation',
    'state',
    ...conditions.map(({ inFlight, gapMs }) =>
      gapMs > 0 ? `${gapMs} ms apart: p50 / p99 ms` : `${inFlight}: p50 / p99 ms`,
    ),
    ...busy.map(({ inFlight }) => `${inFlight}: per s`),
    ...busy.map(({ inFlight }) => `${inFlight}: CPU ms`),
    'RSS MB',
    'PSS MB',
  ];
  return tableOf([header, ...rows]);
}

/** From the backend, and between tenants where that is less. */
function shortOf({ fromBackend, betweenTenants }: Isolation): string {
  return fromBackend === betweenTenants ? fromBackend : `${fromBackend}, tenants: ${betweenTenants}`;
}

function latencyOf(cell: Cell | undefined): string {
  return cell ? `${numberOf(cell.p50Ms)} / ${numberOf(cell.p99Ms)}` : NONE;
}

function perSecondOf(cell: Cell | undefined): string {
  return cell ? (cell.perSecond < 10 ? numberOf(cell.perSecond) : cell.perSecond.toFixed(0)) : NONE;
}

function wholeOf(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toFixed(0);
}

function numberOf(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function withUnit(value: number, unit: Target['unit']): string {
  return unit === 'ms' ? `${value} ms` : `${value}${unit}`;
}
