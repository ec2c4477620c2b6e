// An object as it is sent: what only a server writes is left out, what the API would fill in by its own rules is written
// where server-side apply would trip over it. As fluxcd/pkg ssa/normalize does, without a round trip through types.
import { X509Certificate } from 'node:crypto';
import { groupOf } from '../object/id.ts';
import { isAbsent, isMapping, type JsonMapping } from '../object/json.ts';
import type { Json, KubeObject } from '../object/object.ts';
import { serverFields } from '../object/server-fields.ts';

/** The object that is sent for a manifest. The input is not modified. */
export function normalised(object: KubeObject): KubeObject {
  const group = groupOf(object.apiVersion);
  const bare = withoutServerFields(object);
  const tidy = withoutNullTimestamps(bare as Json) as KubeObject;
  if (group === '' && object.kind === 'Secret') return withData(tidy);
  if (group === 'apiextensions.k8s.io' && object.kind === 'CustomResourceDefinition') return withoutBrokenBundle(tidy);
  return withProtocols(tidy, group);
}

function withoutServerFields(object: KubeObject): KubeObject {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !serverFields.has(key)));
  const isCrd = groupOf(object.apiVersion) === 'apiextensions.k8s.io' && object.kind === 'CustomResourceDefinition';
  const { status, ...rest } = object;
  return { ...rest, ...(isCrd && status !== undefined ? { status } : {}), metadata };
}

// `kubectl create --dry-run -o yaml` leaves `creationTimestamp: null` in every template.
function withoutNullTimestamps(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutNullTimestamps(item));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]): [string, Json] => {
      const tidy = withoutNullTimestamps(child as Json);
      if (key !== 'metadata' || !isMapping(tidy) || tidy['creationTimestamp'] !== null) return [key, tidy];
      const { creationTimestamp: _timestamp, ...kept } = tidy;
      return [key, kept as Json];
    }),
  );
}

/** Names of `stringData` whose value is no text: the API server would refuse the whole Secret in words that help nobody. */
export function notTexts(secret: KubeObject): readonly string[] {
  const { stringData } = secret;
  if (!isMapping(stringData)) return [];
  return Object.entries(stringData).flatMap(([key, value]) =>
    typeof value === 'string' || isAbsent(value) ? [] : [key],
  );
}

// `stringData` is write-only, so that a key removed from it would stay in `data` for good (kubernetes#108008).
function withData(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret;
  if (!isMapping(stringData)) return isAbsent(stringData) ? rest : secret;
  const encoded = Object.entries(stringData).map(([key, value]): [string, string] => [
    key,
    Buffer.from(typeof value === 'string' ? value : '', 'utf8').toString('base64'),
  ]);
  if (encoded.length === 0) return rest;
  return {
    ...rest,
    data: { ...(isMapping(rest['data']) ? rest['data'] : {}), ...Object.fromEntries(encoded) } as Json,
  };
}

// Since Kubernetes 1.31 an empty or made-up bundle (`Cg==`, which the webhook's own controller fills in) is refused.
function withoutBrokenBundle(crd: KubeObject): KubeObject {
  return changed(crd, ['spec', 'conversion', 'webhook', 'clientConfig'], (config) => {
    if (!isMapping(config) || isAbsent(config['caBundle']) || isBundle(config['caBundle'])) return config;
    const { caBundle: _bundle, ...kept } = config;
    return kept as Json;
  });
}

function isBundle(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const text = Buffer.from(value, 'base64').toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.some((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}

const podSpecs: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

// `protocol` is half of a port's key in these lists; without it, server-side apply takes the port for another one
// (structured-merge-diff#130).
function withProtocols(object: KubeObject, group: string): KubeObject {
  if (group === '' && object.kind === 'Service') return changed(object, ['spec', 'ports'], withTcp);
  const path = podSpecs[`${group}/${object.kind}`];
  if (path === undefined) return object;
  return changed(object, path, (spec) => {
    if (!isMapping(spec)) return spec;
    const lists = ['containers', 'initContainers'].filter((field) => Array.isArray(spec[field]));
    const filled = lists.map((field): [string, Json] => [
      field,
      (spec[field] as readonly Json[]).map(withContainerPorts),
    ]);
    return { ...spec, ...Object.fromEntries(filled) } as Json;
  });
}

function withContainerPorts(container: Json): Json {
  if (!isMapping(container) || !Array.isArray(container['ports'])) return container;
  return { ...container, ports: withTcp(container['ports'] as Json) } as Json;
}

function withTcp(ports: Json): Json {
  if (!Array.isArray(ports)) return ports;
  return ports.map((port: Json) => {
    if (!isMapping(port) || !(isAbsent(port['protocol']) || port['protocol'] === '')) return port;
    return { ...port, protocol: 'TCP' } as Json;
  });
}

/** The object with the value at a path changed, where there is one. */
function changed(object: KubeObject, path: readonly string[], change: (value: Json) => Json): KubeObject {
  return inside(object, path, change) as unknown as KubeObject;
}

function inside(map: JsonMapping, path: readonly string[], change: (value: Json) => Json): JsonMapping {
  const [key, ...rest] = path;
  if (key === undefined) return map;
  const child = map[key];
  if (rest.length === 0) return child === undefined ? map : { ...map, [key]: change(child) };
  return isMapping(child) ? { ...map, [key]: inside(child, rest, change) as Json } : map;
}
