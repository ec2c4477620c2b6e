import { describe, expect, it } from 'vitest';
import { findClusters } from '../../../src/fleet/clusters.ts';
import { readConfig } from '../../../src/fleet/config.ts';
import { memoryTree } from '../../../src/source/memory.ts';
import { configMap, documents, type Files, from, gitRepository, kustomization, platformUrl } from './documents.ts';
import { jsonRenderer } from './json-renderer.ts';

async function roots(files: Files): Promise<Record<string, string>> {
  const tree = memoryTree(files);
  const renderer = jsonRenderer();
  const found = await findClusters(tree, await readConfig(tree, renderer), renderer);
  return Object.fromEntries(
    found.map(({ name, path, key, sync }) => [name, `${path} ${key.namespace}/${key.name} ${sync?.ref.branch ?? '-'}`]),
  );
}

const any = documents(configMap('x/any'));
const sync = (path: string, key = 'flux-system/flux-system', branch = 'main'): string => {
  const name = key.split('/')[1] ?? '';
  return documents(gitRepository(key, platformUrl, { ref: { branch } }), kustomization(key, { path, ...from(name) }));
};

describe('findClusters', () => {
  it.each<{ title: string; files: Files; found: Record<string, string> }>([
    {
      title: 'folders of clusters/ that hold YAML themselves',
      files: {
        'clusters/a/x.yaml': any,
        'clusters/b/x.yml': any,
        'clusters/c/README.md': '',
        'clusters/d/e/x.yaml': any,
      },
      found: { a: 'clusters/a flux-system/flux-system -', b: 'clusters/b flux-system/flux-system -' },
    },
    {
      title: 'what stands below a folder of clusters/ instead of the folder',
      files: { 'clusters/eu/all.yaml': any, 'clusters/eu/one/flux-system/gotk-sync.yaml': sync('./clusters/eu/one') },
      found: { 'eu/one': 'clusters/eu/one flux-system/flux-system main' },
    },
    {
      title: 'roots elsewhere, by their last folder, or in full where two are alike',
      files: {
        'a/live/flux-system/gotk-sync.yaml': sync('a/live'),
        'b/live/flux-system/gotk-sync.yaml': sync('./b/live/', 'flux-system/flux-system', 'release'),
        'c/flux-system/gotk-sync.yaml': sync('c'),
      },
      found: {
        'a/live': 'a/live flux-system/flux-system main',
        'b/live': 'b/live flux-system/flux-system release',
        c: 'c flux-system/flux-system main',
      },
    },
    {
      title: 'a root by its own name',
      files: { 'clusters/a/gitops/gotk-sync.yaml': sync('clusters/a', 'gitops/fleet') },
      found: { a: 'clusters/a gitops/fleet main' },
    },
    {
      title: 'the file that stands in the root, not the one nearer to the top',
      files: {
        'clusters/a/deep/gotk-sync.yaml': sync('clusters/a'),
        'evil/gotk-sync.yaml': sync('clusters/a', 'flux-system/flux-system', 'evil'),
      },
      found: { a: 'clusters/a flux-system/flux-system main' },
    },
    {
      title: 'a file elsewhere for a root that nothing else makes one',
      files: { 'boot/flux-system/gotk-sync.yaml': sync('./live'), 'live/app.yaml': any },
      found: { live: 'live flux-system/flux-system main' },
    },
    {
      title: 'a cluster whose sync file does not parse',
      files: { 'clusters/a/flux-system/gotk-sync.yaml': '{', 'clusters/b/x.yaml': any, 'other/x/gotk-sync.yaml': '{' },
      found: { a: 'clusters/a flux-system/flux-system -', b: 'clusters/b flux-system/flux-system -' },
    },
    {
      title: 'nothing but what sluice.yaml lists',
      files: {
        'sluice.yaml': JSON.stringify({ clusters: [{ name: 'one', path: './x/one/' }] }),
        'clusters/a/x.yaml': any,
        'x/one/flux-system/gotk-sync.yaml': sync('x/one', 'flux-system/flux-system', 'release'),
      },
      found: { one: 'x/one flux-system/flux-system release' },
    },
  ])('finds $title', async ({ files, found }) => {
    expect(await roots(files)).toEqual(found);
  });

  it('says that there is none', async () => {
    await expect(roots({ 'apps/x.yaml': any })).rejects.toMatchObject({ code: 'fleet.noCluster' });
  });
});
