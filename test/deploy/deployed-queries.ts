import { readFileSync } from 'node:fs';
import { readManifests, ROOT, theOnly, type Manifest } from './manifests.ts';

export interface DeployedQuery {
  /** Where it is, for people. */
  readonly where: string;
  readonly text: string;
}

/** Everything under `deploy/` that asks for metrics of the backend, as PromQL. */
export function deployedQueries(): readonly DeployedQuery[] {
  return [...ofDashboard(), ...ofAlerts(), ...ofAdapter()];
}

function ofDashboard(): DeployedQuery[] {
  const dashboard = JSON.parse(readFileSync('deploy/grafana/js-runtime.json', 'utf8')) as Manifest;
  const ofPanels = (dashboard.panels as Manifest[]).flatMap(({ title, targets = [] }) =>
    (targets as Manifest[]).map(({ expr }) => ({
      where: `dashboard: ${String(title)}`,
      text: withIntervals(String(expr)),
    })),
  );
  const ofVariables = (dashboard.templating.list as Manifest[])
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => {
      const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query as string) ?? [];
      return { where: `dashboard: variable ${String(name)}`, text: `count by (${label}) (${series})` };
    });
  return [...ofPanels, ...ofVariables];
}

/** Grafana's own durations; variables elsewhere are inside of strings. */
function withIntervals(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m');
}

function ofAlerts(): DeployedQuery[] {
  return (theOnly('PrometheusRule').spec.groups as Manifest[])
    .flatMap(({ rules }) => rules as Manifest[])
    .map(({ alert, expr }) => ({ where: `alert: ${String(alert)}`, text: expr as string }));
}

function ofAdapter(): DeployedQuery[] {
  const [{ rules }] = readManifests(`${ROOT}/monitoring/prometheus-adapter.example.yaml`) as [Manifest];
  return (rules.custom as Manifest[]).flatMap(({ seriesQuery, metricsQuery, name }) => {
    const [series = ''] = (seriesQuery as string).split('{');
    const filledIn = (metricsQuery as string)
      .replaceAll('<<.Series>>', series)
      .replaceAll('<<.LabelMatchers>>', 'namespace="a",pod=~"b|c"')
      .replaceAll('<<.GroupBy>>', 'pod');
    const where = `adapter: ${String(name.as)}`;
    return [
      { where, text: seriesQuery as string },
      { where, text: filledIn },
    ];
  });
}
