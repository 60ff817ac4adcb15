import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';

/** Of the models, only the schema that each has is wanted: `validate` throws what does not fit. */
interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}

const KINDS: readonly Kind[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  PrometheusRule,
  Secret,
  Service,
  ServiceAccount,
];

/**
 * What is wrong with a resource by the schemas of Kubernetes and of prometheus-operator; nothing when it may be applied.
 *
 * The schemas let fields pass that they do not know, as the API server does, which drops them: a probe that is misspelt is no
 * probe. So it is watched which fields the schema looks at; the others are unknown to it.
 */
export function problemsOf(resource: Readonly<Record<string, unknown>>): readonly string[] {
  const { apiVersion, kind } = resource;
  const found = KINDS.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (!found) return [`there is no schema of ${String(apiVersion)} ${String(kind)}`];
  const unseen = new Set<string>();
  try {
    found.prototype.validate.call(watched(resource, '', unseen));
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unseen].map((path) => `${path}: no such field`);
}

/** @param unseen paths of the fields that nobody has asked for yet */
function watched<T extends object>(value: T, path: string, unseen: Set<string>): T {
  const paths = new Map(Object.keys(value).map((key) => [key, `${path}/${key}`]));
  if (!Array.isArray(value)) for (const one of paths.values()) unseen.add(one);
  return new Proxy(value, {
    get(target, key): unknown {
      const field: unknown = Reflect.get(target, key);
      const at = typeof key === 'string' ? paths.get(key) : undefined;
      if (at === undefined) return field;
      unseen.delete(at);
      return typeof field === 'object' && field !== null ? watched(field, at, unseen) : field;
    },
    // Who walks over all fields takes them of any name: labels, data.
    ownKeys(target) {
      for (const one of paths.values()) unseen.delete(one);
      return Reflect.ownKeys(target);
    },
  });
}
