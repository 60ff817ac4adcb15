import type { Results } from './results.ts';
import { SPACED_GAP_MS } from './plan.ts';
import { peersTable, targetsTable, workloadTable } from './tables.ts';
import type { Workload } from './workload.ts';

/** File names of a workload's charts. */
export interface ChartFiles {
  readonly latency: string;
  readonly throughput: string;
}

/** @param charts by workload; or why there are none */
export function reportOf(
  results: Results,
  workloads: readonly Workload[],
  command: string,
  charts: ReadonlyMap<string, ChartFiles> | string,
): string {
  const { machine, commit, measuredAt, plan } = results;
  return `${[
    '# Benchmarks',
    `Written by \`${command}\`; not to be edited. On ${measuredAt.slice(0, 10)}, commit ${commit}; ${machine.node} on ${machine.cpus} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}.`,
    `Each peer has a process of its own, and rounds alternate between the peers: ${plan.rounds} of ${plan.forMs} ms, after ${plan.rampMs} ms that are not counted. Figures are medians of rounds; on another machine the ratios are what to look at. Every result is checked against the right one: one that is wrong ends the run.`,
    ...(typeof charts === 'string' ? [`No charts: ${charts}.`] : []),
    '## Targets',
    targetsTable(results),
    '## Peers',
    `What stands between a script and what it may not reach, strongest first: a process, an isolate (a heap of its own in V8), WebAssembly's memory, a realm (other globals in the same heap), nothing.`,
    'The state that a run finds of earlier ones of its tenant: _fresh_, none; _kept, hardened_, none but the variables of its own module, as all else is frozen; _kept_, all that they have left, in globals and in what is built in. No run finds any of another tenant.',
    peersTable(results),
    ...leftOutLines(results),
    '## Workloads',
    `_${SPACED_GAP_MS} ms apart_: one at a time, with so long a gap. _1, 8, 32_: so many callers, each of whom asks again when it has its answer. Latency counts from when a request came, waiting included. CPU is per execution, and memory is, of the peer's process and all that come from it, after the last round of a row; PSS is what is left when shared pages are divided among those that share them, other peers included.`,
    ...workloads.flatMap((workload) => sectionOf(results, workload, charts)),
  ].join('\n\n')}\n`;
}

function leftOutLines({ leftOut }: Results): string[] {
  if (leftOut.length === 0) return ['None was left out.'];
  const lines = leftOut.map(({ peer, workload, reason }) => {
    const what = workload === undefined ? `\`${peer}\`` : `\`${peer}\` with \`${workload}\``;
    return `- ${what}: ${reason}`;
  });
  return ['Left out:', lines.join('\n')];
}

function sectionOf(
  results: Results,
  { name, title, description }: Workload,
  charts: ReadonlyMap<string, ChartFiles> | string,
): string[] {
  const files = typeof charts === 'string' ? undefined : charts.get(name);
  return [
    `### ${title}`,
    `\`${name}\`: ${description}`,
    ...results.plan.tenants.flatMap((tenants) => [
      tenants === 1 ? 'One tenant:' : `${tenants} tenants in turns:`,
      workloadTable(results, name, tenants),
    ]),
    ...(files
      ? [`![Latency, ${title}](${files.latency})`, `![Executions per second, ${title}](${files.throughput})`]
      : []),
  ];
}
