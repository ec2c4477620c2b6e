// Documents of a small fleet, and the fleet that they make.
import { computeFleet } from '../../../src/fleet/compute.ts';
import { readConfig } from '../../../src/fleet/config.ts';
import type { ClusterFleet, Fleet, ResolvedSource } from '../../../src/fleet/fleet.ts';
import type { Renderer, SourceRef, Tree } from '../../../src/ports.ts';
import { memoryTree } from '../../../src/source/memory.ts';
import { sameRepository } from '../../../src/source/url.ts';
import { jsonRenderer } from './json-renderer.ts';

export const platformUrl = 'https://github.com/acme/platform';
export const urlOf = (name: string): string => `https://github.com/acme/${name}`;

export const documents = (...objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n');

const named = (apiVersion: string, kind: string, key: string, rest: object): object => {
  const [namespace, name] = key.split('/');
  return { apiVersion, kind, metadata: { name, namespace }, ...rest };
};

/** `kustomization('a/web', { path: 'deploy' })`: reads the platform repository unless `spec` says otherwise. */
export const kustomization = (key: string, spec: object = {}): object =>
  named('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', key, {
    spec: {
      interval: '10m',
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
      ...spec,
    },
  });

export const gitRepository = (key: string, url: string, spec: object = {}): object =>
  named('source.toolkit.fluxcd.io/v1', 'GitRepository', key, { spec: { url, ref: { branch: 'main' }, ...spec } });

export const configMap = (key: string, data: object = { key: 'value' }): object =>
  named('v1', 'ConfigMap', key, { data });

export const from = (name: string, namespace?: string): object => ({
  sourceRef: { kind: 'GitRepository', name, ...(namespace === undefined ? {} : { namespace }) },
});

export type Files = Readonly<Record<string, string>>;

/** Every address and ref that was opened, in order. */
export interface Computed {
  readonly fleet: Fleet;
  readonly cluster: ClusterFleet;
  readonly opened: readonly string[];
  readonly renderer: Renderer;
}

/** The fleet of a platform's files, with the repositories of `others` by name at hand. */
export async function fleetOf(files: Files, others: Readonly<Record<string, Files>> = {}): Promise<Computed> {
  const platform = memoryTree(files);
  const renderer = jsonRenderer();
  const opened: string[] = [];
  const at = (url: string, ref: SourceRef, tree: Tree, isPlatform: boolean): ResolvedSource => ({
    type: 'tree',
    tree,
    url,
    revision: 'main@sha1:0',
    ref,
    platform: isPlatform,
    follows: true,
  });
  const repositories = {
    open: async (url: string, ref: SourceRef): Promise<ResolvedSource> => {
      opened.push(url);
      if (sameRepository(url, platformUrl)) return at(url, ref, platform, true);
      const name = Object.keys(others).find((one) => sameRepository(urlOf(one), url));
      const held = name === undefined ? undefined : others[name];
      if (held === undefined) return { type: 'unknown', url, what: 'GitRepository', reason: 'not at hand' };
      return at(url, ref, memoryTree(held), false);
    },
    platform: async (): Promise<ResolvedSource> => at(platformUrl, { branch: 'main' }, platform, true),
  };
  const config = await readConfig(platform, renderer);
  const fleet = await computeFleet({ platform, config, repositories, renderer, progress: () => {} });
  const [cluster] = fleet.clusters;
  if (cluster === undefined) throw new Error('no cluster');
  return { fleet, cluster, opened, renderer };
}
