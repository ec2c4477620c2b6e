// tenant/metadata, second part: fields that must not come from Git.
import { isAbsent, isBlank, isMapping } from '../object/json.ts';
import type { FieldPath, KubeObject } from '../object/object.ts';
import { serverFields } from '../object/server-fields.ts';
import { showText } from '../object/show.ts';
import type { Found } from './candidate.ts';

/** What an author may write under `metadata`. */
const writable = new Set(['name', 'namespace', 'labels', 'annotations', 'finalizers']);

/** Finalizers that the garbage collector, or a controller that is there for the kind, takes off again. */
const finalizers = new Set([
  'foregroundDeletion',
  'orphan',
  'kubernetes.io/pvc-protection',
  'resources-finalizer.argocd.argoproj.io',
  'resources-finalizer.argocd.argoproj.io/background',
  'resources-finalizer.argocd.argoproj.io/foreground',
]);

/** Flux's switches for one object; everything else under the prefix says who owns it. */
const switches = new Set(['ssa', 'prune', 'force', 'reconcile', 'substitute', 'decrypt']);
const switchPrefix = 'kustomize.toolkit.fluxcd.io/';
const reserved: readonly string[] = [
  'helm.toolkit.fluxcd.io/name',
  'helm.toolkit.fluxcd.io/namespace',
  'internal.config.kubernetes.io/',
  'sluice.dev/',
];

/** Findings about an object that has a legal identity. */
export function metadata(object: KubeObject): Found[] {
  return [
    ...Object.entries(object.metadata).flatMap(([field, value]) => fieldOf(field, value)),
    ...notTexts(object.metadata.labels, ['metadata', 'labels']),
    ...notTexts(object.metadata.annotations, ['metadata', 'annotations']),
    ...reservedKeys(object.metadata.labels, ['metadata', 'labels']),
    ...reservedKeys(object.metadata.annotations, ['metadata', 'annotations']),
    ...status(object),
    ...hiddenList(object),
  ];
}

function fieldOf(field: string, value: unknown): Found[] {
  const path = ['metadata', field];
  if (field === 'finalizers') return finalizersOf(value);
  if (writable.has(field) || isBlank(value)) return [];
  if (field === 'generateName') {
    const message = 'metadata.generateName makes another object at every apply';
    return [{ message, remedy: 'take it out; metadata.name is enough', path }];
  }
  if (field === 'ownerReferences') {
    const message =
      'metadata.ownerReferences hands the object to the garbage collector, which deletes it with its owner';
    return [{ message, remedy: 'take it out', path }];
  }
  if (serverFields.has(field)) {
    const message = `metadata.${field} is written by the API server, never from Git`;
    return [{ message, remedy: 'take it out, as `kubectl get -o yaml` leaves it in exported manifests', path }];
  }
  const message = `metadata has no field ${showText(field)}, so the API server would refuse the object`;
  return [{ message, remedy: 'correct its spelling or take it out', path }];
}

function finalizersOf(value: unknown): Found[] {
  if (isBlank(value)) return [];
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.flatMap((entry, index) => {
    if (typeof entry === 'string' && finalizers.has(entry)) return [];
    const shown = typeof entry === 'string' ? showText(entry) : 'that is no text';
    return [
      {
        message: `a finalizer ${shown} can keep the object, and its namespace, from ever being deleted`,
        remedy: 'take it out; controllers add the finalizers they need themselves',
        path: ['metadata', 'finalizers', index],
      },
    ];
  });
}

function notTexts(map: unknown, path: FieldPath): Found[] {
  const where = path.join('.');
  if (isAbsent(map)) return [];
  if (!isMapping(map)) return [{ message: `${where} is no mapping`, remedy: 'write it as key: value lines', path }];
  return Object.entries(map).flatMap(([key, value]) => {
    if (typeof value === 'string') return [];
    const message = `${where} ${showText(key)} is not a text, so the API server would refuse the object`;
    return [{ message, remedy: 'put the value in quotes', path: [...path, key] }];
  });
}

function reservedKeys(map: unknown, path: FieldPath): Found[] {
  if (!isMapping(map)) return [];
  return Object.keys(map).flatMap((key) => {
    if (!isReserved(key)) return [];
    const message = `${showText(key)} says who owns an object; Sluice and Flux write it`;
    return [{ message, remedy: 'take it out', path: [...path, key] }];
  });
}

function isReserved(key: string): boolean {
  if (key.startsWith(switchPrefix)) return !switches.has(key.slice(switchPrefix.length));
  return reserved.some((entry) => (entry.endsWith('/') ? key.startsWith(entry) : key === entry));
}

function status(object: KubeObject): Found[] {
  if (isBlank(object['status'])) return [];
  const message = 'status is what the cluster observed; it is never applied from Git';
  return [{ message, remedy: 'take it out', path: ['status'] }];
}

/** A list in disguise: readers that go by shape rather than kind would apply its items. */
function hiddenList(object: KubeObject): Found[] {
  if (isAbsent(object['items'])) return [];
  const message = 'a top-level items field: only a List holds items, and some tools would apply them';
  return [{ message, remedy: 'write each item as an object of its own', path: ['items'] }];
}
