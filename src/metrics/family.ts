import type { MsHistogramStats, RuntimeMetrics, TenantUsage } from 'nestjs-js-runtime';

/** All that one scrape tells, taken at once. */
export interface Snapshot {
  readonly runtime: RuntimeMetrics;
  readonly config: { readonly poolSize: number; readonly maxVms: number };
  /** Of the tenants that are told of by name. */
  readonly tenants: readonly (readonly [tenantId: string, TenantUsage])[];
}

export type Labels = Readonly<Record<string, string>>;

/** One line of the exposition. */
export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Default the family's. */
  readonly metricName?: string;
}

/** What Prometheus calls a metric family: all samples of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: (snapshot: Snapshot) => Sample[];
}

type Value = (snapshot: Snapshot) => number;

export function counter(name: string, help: string, value: Value): Family {
  return { name, help, type: 'counter', samples: (snapshot) => [{ value: value(snapshot) }] };
}

export function gauge(name: string, help: string, value: Value): Family {
  return { name, help, type: 'gauge', samples: (snapshot) => [{ value: value(snapshot) }] };
}

/** One sample for each value of a label. */
export function byLabel(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  label: string,
  values: (snapshot: Snapshot) => Readonly<Record<string, number | undefined>>,
): Family {
  const samples = (snapshot: Snapshot): Sample[] =>
    Object.entries(values(snapshot)).map(([key, value = 0]) => ({ value, labels: { [label]: key } }));
  return { name, help, type, samples };
}

export function histogram(name: string, help: string, of: (snapshot: Snapshot) => MsHistogramStats): Family {
  return { name, help, type: 'histogram', samples: (snapshot) => histogramSamples(name, of(snapshot)) };
}

/** A histogram in milliseconds as Prometheus has it: in seconds, each bucket with all that is below. */
export function histogramSamples(name: string, stats: MsHistogramStats, labels: Labels = {}): Sample[] {
  let below = 0;
  const buckets = stats.counts.map((count, index): Sample => {
    const bound = stats.boundsMs[index];
    below += count;
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return { metricName: `${name}_bucket`, value: below, labels: { ...labels, le } };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: stats.sumMs / 1000, labels },
    { metricName: `${name}_count`, value: stats.count, labels },
  ];
}

/** 0 for each, so that what has not happened yet is there, too. */
export function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
