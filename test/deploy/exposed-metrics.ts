import { parseExposition } from '../support/exposition.ts';

export interface ExposedMetric {
  readonly type: string;
  /** Whether it has samples yet. Without, nothing is known of its labels. */
  readonly hasSamples: boolean;
  /** Label → values, of all samples. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a scrape tells: each metric by its name, whether it has samples yet or not. */
export function readMetrics(text: string): ReadonlyMap<string, ExposedMetric> {
  const { types, values } = parseExposition(text);
  const metrics = new Map<string, { type: string; hasSamples: boolean; labels: Map<string, Set<string>> }>();
  for (const [name, type] of types) metrics.set(name, { type, hasSamples: false, labels: new Map() });
  for (const series of values.keys()) {
    const [, sampled = '', labelsText = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(series) ?? [];
    const metric = metrics.get(familyOf(sampled, metrics));
    if (!metric) throw new Error(`${sampled} is of no metric that was declared`);
    metric.hasSamples = true;
    for (const [, label = '', value = ''] of labelsText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      metric.labels.set(label, (metric.labels.get(label) ?? new Set()).add(value));
    }
  }
  return metrics;
}

/** The metric that a series is of: `a_bucket`, `a_sum` and `a_count` are of a histogram `a`. Itself where there is none. */
export function familyOf(series: string, metrics: ReadonlyMap<string, { readonly type: string }>): string {
  const family = series.replace(/_(bucket|sum|count)$/, '');
  const type = metrics.get(family)?.type;
  if (family === series || metrics.has(series)) return series;
  return type === 'histogram' || (type === 'summary' && !series.endsWith('_bucket')) ? family : series;
}
