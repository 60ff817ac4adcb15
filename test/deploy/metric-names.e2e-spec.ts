import { ERROR_CODES } from 'nestjs-js-runtime';
import { startBackend, type Backend } from '../support/backend.ts';
import { deployedQueries } from './deployed-queries.ts';
import { familyOf, readMetrics, type ExposedMetric } from './exposed-metrics.ts';
import { parseQuery, type Matcher, type Selector } from './promql.ts';

/** What Prometheus adds to all that it collects from a pod. */
const LABELS_OF_TARGETS = ['namespace', 'pod', 'container', 'instance', 'job'];

/**
 * Values that a label may have, whether or not it has had them yet. Not the reasons for which VMs end: of these, alerts ask for the
 * increase, and of a counter that is not there at 0 the first one is not seen.
 */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  outcome: [...Object.keys(ERROR_CODES), 'OK', 'INTERNAL_ERROR', 'API_ERROR'],
  code: Object.keys(ERROR_CODES),
};

describe('What dashboard, alerts and autoscaler ask for', () => {
  let backend: Backend;
  let exposed: ReadonlyMap<string, ExposedMetric>;

  beforeAll(async () => {
    process.env.METRICS_TENANTS = 'acme';
    backend = await startBackend();
    // So that what has labels has samples: an execution of each kind, and calls of host APIs.
    await backend.execute({ wrap: 'function', script: 'await kv.set("a", 1); return kv.get("a");' }).expect(200);
    await backend.execute({ wrap: 'function', script: 'await http.fetch("nonsense");' }).expect(422);
    await backend.execute({ script: 'throw new Error("on purpose")' }).expect(422);
    const { text } = await backend.get('/metrics').expect(200);
    exposed = readMetrics(text);
  });
  afterAll(async () => {
    delete process.env.METRICS_TENANTS;
    await backend.close();
  });

  const queries = deployedQueries();

  it('is something', () => {
    expect(queries.length).toBeGreaterThan(60);
  });

  it.each(queries.map(({ where, text }) => [where, text]))('%s: /metrics has it: %s', (_, text) => {
    const { selectors, groupings } = parseQuery(text);
    expect(selectors).not.toEqual([]);
    expect(selectors.flatMap(problemsOf)).toEqual([]);
    for (const { labels, of } of groupings) {
      for (const label of labels)
        expect([label, of.some((selector) => mayHave(selector, label))]).toEqual([label, true]);
    }
  });

  function problemsOf(selector: Selector): readonly string[] {
    const metric = exposed.get(familyOf(selector.metric, exposed));
    if (!metric) return [`there is no metric ${selector.metric}`];
    // A histogram is asked for by its parts; its name alone is no series.
    if (metric.type === 'histogram' && exposed.has(selector.metric)) return [`${selector.metric} is a histogram`];
    return selector.matchers.flatMap((matcher) => problemsOfMatcher(matcher, selector, metric));
  }

  function problemsOfMatcher({ label, value }: Matcher, selector: Selector, metric: ExposedMetric): readonly string[] {
    if (!mayHave(selector, label)) return [`${selector.metric} has no label ${label}`];
    // What is not a list of words is a pattern, or Grafana's to fill in.
    if (LABELS_OF_TARGETS.includes(label) || !metric.hasSamples || !/^[\w|-]+$/.test(value)) return [];
    const possible = new Set([...(metric.labels.get(label) ?? []), ...(VALUES[label] ?? [])]);
    const impossible = value.split('|').filter((one) => !possible.has(one));
    return impossible.map((one) => `${label} of ${selector.metric} is never ${one}`);
  }

  function mayHave({ metric }: Selector, label: string): boolean {
    if (LABELS_OF_TARGETS.includes(label) || (label === 'le' && metric.endsWith('_bucket'))) return true;
    const family = exposed.get(familyOf(metric, exposed));
    return family !== undefined && (!family.hasSamples || family.labels.has(label));
  }
});

describe('The check of queries', () => {
  it('knows metrics by their declaration and series by their metric', () => {
    const text = `# HELP a of all\n# TYPE a histogram\na_bucket{le="1",x="q\\"1"} 0\na_sum 0\n# TYPE b_count gauge\nb_count 1\n`;
    const exposed = readMetrics(text);
    expect([...exposed.keys()]).toEqual(['a', 'b_count']);
    expect([...(exposed.get('a')?.labels.keys() ?? [])]).toEqual(['le', 'x']);
    const series = ['a_bucket', 'a_sum', 'b_count', 'c_sum'];
    expect(series.map((one) => familyOf(one, exposed))).toEqual(['a', 'a', 'b_count', 'c_sum']);
  });

  it('finds selectors, matchers and groupings', () => {
    expect(parseQuery('sum by (x) (rate(a{b=~"c|d"}[5m])) / on (pod) e > 1')).toEqual({
      selectors: [
        { metric: 'a', matchers: [{ label: 'b', operator: '=~', value: 'c|d' }] },
        { metric: 'e', matchers: [] },
      ],
      groupings: [{ labels: ['x'], of: [{ metric: 'a', matchers: [{ label: 'b', operator: '=~', value: 'c|d' }] }] }],
    });
  });

  it.each(['sum(a', 'a{b=}', 'rate(a[5])x'])('refuses %s', (text) => {
    expect(() => parseQuery(text)).toThrow('not PromQL');
  });
});
