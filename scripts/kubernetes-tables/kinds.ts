// Kinds from discovery: those that can be stored and patched, with every version that is served by default.
import type { ControlPlane } from './control-plane.ts';

interface Kind {
  group: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  versions: string[];
}

/** `groups`: every group that is served, `''` among them. `kinds`: sorted by group and kind; versions in the server's order of preference. Reviews, bindings and subresources are out. */
export async function readKinds(plane: ControlPlane): Promise<{ groups: string[]; kinds: Kind[] }> {
  const { groups = [] } = (await plane.call('GET', '/apis')).body;
  const paths = groups.flatMap(({ name, versions }) =>
    versions.map(({ groupVersion }) => ({ group: name, path: `/apis/${groupVersion}`, version: groupVersion })),
  );
  const found = new Map<string, Kind>();
  for (const { group, path, version } of [{ group: '', path: '/api/v1', version: 'v1' }, ...paths]) {
    const { resources = [] } = (await plane.call('GET', path)).body;
    for (const { name, kind, namespaced, verbs } of resources) {
      if (name.includes('/') || !verbs.includes('patch')) continue;
      const key = `${group}/${kind}`;
      const entry = found.get(key) ?? { group, kind, plural: name, namespaced, versions: [] };
      if (entry.plural !== name || entry.namespaced !== namespaced) throw new Error(`two answers for ${key}`);
      entry.versions.push(version.slice(version.indexOf('/') + 1));
      found.set(key, entry);
    }
  }
  const kinds = [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, kind]) => kind);
  return { groups: [...new Set(['', ...groups.map(({ name }) => name)])].sort(), kinds };
}
