import { existsSync, readFileSync } from 'node:fs';
import { VmPoolService } from 'nestjs-js-runtime';
import { compileOptions } from '../../libs/js-runtime/src/config/compile-options.ts';
import { environmentVariableOf, optionsFromEnvironment } from '../../libs/js-runtime/src/config/environment.ts';
import { optionsSchema } from '../../libs/js-runtime/src/config/options.schema.ts';
import { backendEnvironment, readBackendConfig } from '../../src/config/backend.config.ts';
import { startBackend, until, type Backend } from '../support/backend.ts';
import { problemsOf } from './kubernetes-schema.ts';
import { readManifests, readSettings, resourceFiles, ROOT, theOnly, type Manifest } from './manifests.ts';

const MIB = 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = { Mi: MIB, Gi: 1024 * MIB };
/** How long the backend sends what is still to be sent, after it has drained. */
const SENDING_SECONDS = 5;
const MARGIN_SECONDS = 10;

describe('Each manifest', () => {
  it.each(resourceFiles())('%s is what Kubernetes takes', (file) => {
    const manifests = readManifests(file);
    expect(manifests.length).toBeGreaterThan(0);
    for (const manifest of manifests) expect(problemsOf(manifest)).toEqual([]);
  });

  it('is part of a kustomization, but for the examples', () => {
    const listed = ['base', 'monitoring'].flatMap((directory) => {
      const [{ resources }] = readManifests(`${ROOT}/${directory}/kustomization.yaml`) as [Manifest];
      return (resources as string[]).map((file) => `${ROOT}/${directory}/${file}`);
    });
    expect(resourceFiles().filter((file) => !file.includes('.example.'))).toEqual(listed.toSorted());
  });
});

describe('The check of manifests', () => {
  const broken = (change: (deployment: Manifest) => void): readonly string[] => {
    const deployment = structuredClone(theOnly('Deployment'));
    change(deployment);
    return problemsOf(deployment);
  };
  const container = (deployment: Manifest): Manifest => deployment.spec.template.spec.containers[0] as Manifest;

  it.each<[string, (deployment: Manifest) => void, string]>([
    ['a wrong type', (it) => (container(it).livenessProbe.periodSeconds = 'ten'), 'periodSeconds must be integer'],
    ['a field that is missing', (it) => delete it.spec.selector, 'required property selector'],
    ['a misspelt field', (it) => (container(it).livenesProbe = {}), '/livenesProbe: no such field'],
    [
      'a misspelt field, deep inside',
      (it) => (container(it).livenessProbe.httpGet.paht = '/'),
      '/httpGet/paht: no such',
    ],
    ['a field in the wrong place', (it) => (it.replicas = 2), '/replicas: no such field'],
    ['an unknown kind', (it) => (it.apiVersion = 'apps/v1beta1'), 'there is no schema of apps/v1beta1 Deployment'],
  ])('finds %s', (_, change, problem) => {
    expect(broken(change).join('\n')).toContain(problem);
  });
});

describe('The manifests together', () => {
  const deployment = theOnly('Deployment');
  const { template } = deployment.spec;
  const [container] = template.spec.containers;
  const settings = readSettings();
  const options = compileOptions(optionsFromEnvironment(settings));
  const secret = theOnly('Secret');

  it('select the pods of the deployment', () => {
    const { labels } = template.metadata;
    const selectors = [
      deployment.spec.selector.matchLabels,
      theOnly('Service').spec.selector,
      theOnly('PodDisruptionBudget').spec.selector.matchLabels,
      theOnly('NetworkPolicy').spec.podSelector.matchLabels,
      theOnly('PodMonitor').spec.selector.matchLabels,
      template.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
    ];
    for (const selector of selectors) expect(labels).toMatchObject(selector);
  });

  it('name one another as they are named', () => {
    const { scaleTargetRef } = theOnly('HorizontalPodAutoscaler').spec;
    expect(scaleTargetRef).toMatchObject({ kind: 'Deployment', name: deployment.metadata.name });
    expect(template.spec.serviceAccountName).toBe(theOnly('ServiceAccount').metadata.name);
    const [kustomization] = readManifests(`${ROOT}/base/kustomization.yaml`) as [Manifest];
    const [configMap, fromSecret] = container.envFrom;
    expect(configMap.configMapRef.name).toBe(kustomization.configMapGenerator[0].name);
    expect(fromSecret.secretRef.name).toBe(secret.metadata.name);
    expect(kustomization.images[0].name).toBe(container.image);
    expect(kustomization.namespace).toBe(theOnly('Namespace').metadata.name);
    expect(secret.metadata.namespace).toBe(kustomization.namespace);
    const { credentials } = theOnly('PodMonitor').spec.podMetricsEndpoints[0].authorization;
    expect(credentials.name).toBe(secret.metadata.name);
    expect(Object.keys(secret.stringData)).toContain(credentials.key);
  });

  it('agree on ports', () => {
    const [{ name, containerPort }] = container.ports;
    expect(container.env).toContainEqual({ name: 'PORT', value: String(containerPort) });
    expect(readFileSync('Dockerfile', 'utf8')).toMatch(new RegExp(`^EXPOSE ${String(containerPort)}$`, 'm'));
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    for (const { httpGet } of probes) expect(httpGet.port).toBe(name);
    expect(theOnly('Service').spec.ports[0].targetPort).toBe(name);
    expect(theOnly('NetworkPolicy').spec.ingress[0].ports[0].port).toBe(name);
    expect(theOnly('PodMonitor').spec.podMetricsEndpoints[0].port).toBe(name);
  });

  it('let nobody be root, write, or have rights', () => {
    expect(template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const { runAsUser, runAsGroup } = template.spec.securityContext;
    expect(readFileSync('Dockerfile', 'utf8')).toMatch(new RegExp(`^USER ${runAsUser}:${runAsGroup}$`, 'm'));
    expect(template.spec.automountServiceAccountToken).toBe(false);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('give the backend the time to drain', () => {
    const before = container.lifecycle.preStop.sleep.seconds as number;
    const needed = before + options.drainTimeoutMs / 1000 + SENDING_SECONDS + MARGIN_SECONDS;
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(needed);
  });

  it('give the backend the memory that docs/operations.md counts', () => {
    const { requests, limits } = container.resources;
    expect(requests.memory).toBe(limits.memory);
    const [, amount, unit = ''] = /^(\d+)(\wi)$/.exec(limits.memory as string) ?? [];
    const limitBytes = Number(amount) * (UNITS[unit] ?? NaN);
    const perVmBytes = (30 + 32 + options.maxMemoryMb) * MIB;
    expect(limitBytes).toBeGreaterThanOrEqual(250 * MIB + options.cacheMaxBytes + options.maxVms * perVmBytes);
  });

  it('set what there is to be set', () => {
    const ofLibrary = Object.keys(optionsSchema.shape).map(environmentVariableOf);
    const ofBackend = variablesOfBackend();
    const known = [...ofLibrary, ...ofBackend];
    for (const name of [...Object.keys(settings), ...Object.keys(secret.stringData)]) expect(known).toContain(name);
    expect(Object.keys(settings).filter((name) => /KEY|SECRET|URL/.test(name))).toEqual([]);
  });

  it('have a secret that must be filled in', () => {
    const example = { NODE_ENV: 'production', ...settings, ...(secret.stringData as Record<string, string>) };
    expect(() => readBackendConfig(example)).toThrow('TENANT_KEYS is wrong');
    expect(() => compileOptions(optionsFromEnvironment(example))).toThrow('JS_RUNTIME_CACHE_SECRET');
    const filledIn = { NODE_ENV: 'production', ...settings, TENANT_KEYS: 'acme:a-secret-key' };
    expect(readBackendConfig(filledIn).isProduction).toBe(true);
  });

  it('scale on a metric that the adapter makes', () => {
    const [{ pods }] = theOnly('HorizontalPodAutoscaler').spec.metrics;
    const [{ rules }] = readManifests(`${ROOT}/monitoring/prometheus-adapter.example.yaml`) as [Manifest];
    expect(rules.custom[0].name.as).toBe(pods.metric.name);
  });
});

describe('The paths in the manifests', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend();
    const pool = backend.app.get(VmPoolService);
    await until(() => pool.hasBeenFull);
  });
  afterAll(() => backend.close());

  const [container] = theOnly('Deployment').spec.template.spec.containers;
  it.each([
    ['startupProbe', container.startupProbe.httpGet.path],
    ['livenessProbe', container.livenessProbe.httpGet.path],
    ['readinessProbe', container.readinessProbe.httpGet.path],
    ['metrics', theOnly('PodMonitor').spec.podMetricsEndpoints[0].path],
  ])('%s: the running backend answers', async (_, path: string) => {
    const { status } = await backend.get(path);
    expect(status).toBe(200);
  });
});

describe('Every alert', () => {
  const rules: Manifest[] = (theOnly('PrometheusRule').spec.groups as Manifest[]).flatMap(
    (group) => group.rules as Manifest[],
  );
  const runbook = readFileSync('docs/operations.md', 'utf8');

  it.each(rules.map((rule) => [rule.alert as string, rule]))(
    '%s says how bad it is and has its section',
    (name, rule) => {
      expect(rule.labels.severity).toMatch(/^(critical|warning)$/);
      expect(rule.annotations.summary).not.toBe('');
      const [file = '', anchor] = (rule.annotations.runbook_url as string).split('#');
      expect(existsSync(file)).toBe(true);
      expect(anchor).toBe(name.toLowerCase());
      expect(runbook).toMatch(new RegExp(`^###? ${name}$`, 'm'));
    },
  );

  it('is in the runbook once, and nothing else is', () => {
    const sections = [...runbook.matchAll(/^### (JsRuntime\w+)$/gm)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual(rules.map((rule) => rule.alert as string).toSorted());
  });
});

/** What the backend itself reads, beside the options of the library. */
function variablesOfBackend(): readonly string[] {
  return Object.keys(backendEnvironment.shape);
}
