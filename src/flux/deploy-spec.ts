// What a Kustomization says about deploying, beside what it says about building (kustomize.toolkit.fluxcd.io/v1).
import { namespaceOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';
import { showText } from '../object/show.ts';
import { parseDuration } from './duration.ts';
import { readKustomization } from './kustomization.ts';
import { asList, asObject, asString, type JsonObject, stringAt } from './read.ts';
import { type DeletionPolicy, deletionPolicies, fieldProblems, refusedFields } from './spec-fields.ts';

export interface HealthCheckRef {
  /** `apps/v1` where absent, as in Flux. */
  readonly apiVersion: string;
  readonly kind: string;
  /** `''` where absent: the Kustomization's own for a namespaced kind. */
  readonly namespace: string;
  readonly name: string;
}

export interface HealthCheckExpr {
  readonly apiVersion: string;
  readonly kind: string | undefined;
  readonly current: string;
  readonly inProgress: string | undefined;
  readonly failed: string | undefined;
}

/** Paths (JSON pointers) that drift detection leaves alone, on objects that match the target. */
export interface IgnoreRule {
  readonly paths: readonly string[];
  /** Absent: every object. The values are anchored regular expressions (RE2), selectors as Kubernetes writes them. */
  readonly target:
    | {
        readonly group?: string;
        readonly version?: string;
        readonly kind?: string;
        readonly name?: string;
        readonly namespace?: string;
        readonly labelSelector?: string;
        readonly annotationSelector?: string;
      }
    | undefined;
}

export interface DeployDependency {
  readonly namespace: string;
  readonly name: string;
  readonly readyExpr: string | undefined;
}

export interface DeploySpec {
  /** Milliseconds; Flux's syntax `1h30m`, `500ms`. From 1 s to one year. */
  readonly intervalMs: number;
  /** `intervalMs` where absent. The fixed delay after any failure; there is no exponential back-off. */
  readonly retryIntervalMs: number;
  /** `intervalMs` − 30 s where absent; never below 30 s. */
  readonly timeoutMs: number;
  readonly prune: boolean;
  readonly deletionPolicy: DeletionPolicy;
  readonly force: boolean;
  readonly wait: boolean;
  readonly healthChecks: readonly HealthCheckRef[];
  readonly healthCheckExprs: readonly HealthCheckExpr[];
  readonly ignore: readonly IgnoreRule[];
  readonly suspend: boolean;
  readonly dependsOn: readonly DeployDependency[];
  /** Fields that Sluice does not honour yet, each with why and what to do: `spec.decryption …`. Non-empty: nothing is applied. */
  readonly refused: readonly string[];
  /** What has the wrong type or form, `readKustomization`'s problems among it; non-empty: nothing is applied. */
  readonly problems: readonly string[];
}

/** What counts where `interval` cannot be read, so that a broken document is still looked at again. */
const fallbackIntervalMs = 600_000;
const shortestIntervalMs = 1_000;
const shortestTimeoutMs = 30_000;

/** Reads the fields; never throws, whatever the document holds. */
export function readDeploySpec(object: KubeObject): DeploySpec {
  const spec = asObject(object['spec']) ?? {};
  const problems = [...readKustomization(object).problems, ...fieldProblems(spec)];
  const intervalMs = duration(spec, 'interval', shortestIntervalMs, problems) ?? fallbackIntervalMs;
  const timeoutMs = duration(spec, 'timeout', 0, problems) ?? intervalMs - 30_000;
  return {
    intervalMs,
    retryIntervalMs: duration(spec, 'retryInterval', shortestIntervalMs, problems) ?? intervalMs,
    timeoutMs: Math.max(timeoutMs, shortestTimeoutMs),
    prune: spec['prune'] === true,
    deletionPolicy: deletionPolicies.find((one) => one === spec['deletionPolicy']) ?? 'MirrorPrune',
    force: spec['force'] === true,
    wait: spec['wait'] === true,
    healthChecks: readHealthChecks(spec['healthChecks'], problems),
    healthCheckExprs: readHealthCheckExprs(spec['healthCheckExprs'], problems),
    ignore: readIgnore(spec['ignore'], problems),
    suspend: spec['suspend'] === true,
    dependsOn: readDependsOn(spec['dependsOn'], namespaceOf(object)),
    refused: refusedFields(spec),
    problems: [...new Set(problems)],
  };
}

function duration(spec: JsonObject, key: string, atLeast: number, problems: string[]): number | undefined {
  const text = asString(spec[key]);
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds >= atLeast) return milliseconds;
  const range = `between ${atLeast === 0 ? '0s' : '1s'} and 8760h`;
  problems.push(`spec.${key} must be a duration such as 10m or 1h30m, ${range}; it is ${showText(text)}`);
  return undefined;
}

function readHealthChecks(value: Json | undefined, problems: string[]): HealthCheckRef[] {
  return asList(value).flatMap((entry, index) => {
    const kind = stringAt(entry, 'kind');
    const name = stringAt(entry, 'name');
    if (!kind || !name) {
      problems.push(`spec.healthChecks[${index}] needs kind and name`);
      return [];
    }
    const apiVersion = stringAt(entry, 'apiVersion') || 'apps/v1';
    return [{ apiVersion, kind, namespace: stringAt(entry, 'namespace') ?? '', name }];
  });
}

function readHealthCheckExprs(value: Json | undefined, problems: string[]): HealthCheckExpr[] {
  return asList(value).flatMap((entry, index) => {
    const apiVersion = stringAt(entry, 'apiVersion');
    const current = stringAt(entry, 'current');
    if (!apiVersion || !current) {
      problems.push(`spec.healthCheckExprs[${index}] needs apiVersion and current`);
      return [];
    }
    const [kind, inProgress, failed] = ['kind', 'inProgress', 'failed'].map((key) => stringAt(entry, key) || undefined);
    return [{ apiVersion, kind, current, inProgress, failed }];
  });
}

function readDependsOn(value: Json | undefined, namespace: string): DeployDependency[] {
  return asList(value).flatMap((entry) => {
    const name = stringAt(entry, 'name');
    if (name === undefined) return [];
    const readyExpr = stringAt(entry, 'readyExpr') || undefined;
    return [{ namespace: stringAt(entry, 'namespace') || namespace, name, readyExpr }];
  });
}

const targetKeys = ['group', 'version', 'kind', 'name', 'namespace', 'labelSelector', 'annotationSelector'] as const;
const pointer = /^(?:\/(?:[^~/]|~[01])*)+$/;

function readIgnore(value: Json | undefined, problems: string[]): IgnoreRule[] {
  return asList(value).flatMap((entry, index) => {
    const paths = asList(asObject(entry)?.['paths']);
    const wrong = paths.find((path) => typeof path !== 'string' || !pointer.test(path));
    if (paths.length === 0 || wrong !== undefined) {
      problems.push(`spec.ignore[${index}].paths must be JSON pointers such as /spec/replicas`);
      return [];
    }
    const target = asObject(asObject(entry)?.['target']);
    return [{ paths: paths as readonly string[], target: target === undefined ? undefined : readTarget(target) }];
  });
}

function readTarget(target: JsonObject): NonNullable<IgnoreRule['target']> {
  const given = targetKeys.flatMap((key) => {
    const text = asString(target[key]);
    return text ? [[key, text] as const] : [];
  });
  return Object.fromEntries(given);
}
