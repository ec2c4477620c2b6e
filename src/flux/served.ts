// Kinds that an agent asks for by name, as every cluster that it looks after serves them.
import type { ServedKind } from '../ports/kube.ts';
import { kustomizeGroup, sourceGroup } from './kustomization.ts';

export const secretKind = core('Secret', 'secrets');
export const configMapKind = core('ConfigMap', 'configmaps');
export const serviceAccountKind = core('ServiceAccount', 'serviceaccounts');
export const gitRepositoryKind = namespaced(sourceGroup, 'GitRepository', 'gitrepositories');
export const kustomizationKind = namespaced(kustomizeGroup, 'Kustomization', 'kustomizations');

function core(kind: string, plural: string): ServedKind {
  return namespaced('', kind, plural);
}

function namespaced(group: string, kind: string, plural: string): ServedKind {
  return { group, version: 'v1', kind, plural, namespaced: true, verbs: ['get', 'list', 'watch'] };
}
