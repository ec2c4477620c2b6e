// A tree held in memory, with Git's rules: folders exist because of what is in them.
import { createHash } from 'node:crypto';
import { SluiceError } from '../../../src/errors.ts';
import type { RefusedReason, Tree, TreeEntry } from '../../../src/ports.ts';

export type Files = Readonly<Record<string, string | Uint8Array | { readonly refused: RefusedReason }>>;

export interface MemoryTree extends Tree {
  /** Paths whose bytes were read, in order. */
  readonly readPaths: string[];
}

export function memoryTree(files: Files): MemoryTree {
  const folders = new Map<string, Map<string, TreeEntry>>([['', new Map()]]);
  const bytes = new Map<string, Uint8Array>();
  const sorted = Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const [path, content] of sorted) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      if (folders.has(folder)) continue;
      folders.set(folder, new Map());
      const oid = oidOf(JSON.stringify(Object.entries(files).filter(([name]) => name.startsWith(`${folder}/`))));
      folders.get(parts.slice(0, depth - 1).join('/'))?.set(parts[depth - 1] ?? '', { type: 'directory', oid });
    }
    const parent = folders.get(parts.slice(0, -1).join('/'));
    const name = parts.at(-1) ?? '';
    if (typeof content === 'object' && 'refused' in content) {
      parent?.set(name, { type: 'refused', reason: content.refused });
    } else {
      const data = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      bytes.set(path, data);
      parent?.set(name, { type: 'file', oid: oidOf(data) });
    }
  }
  const readPaths: string[] = [];
  return {
    id: oidOf(JSON.stringify(sorted)),
    readPaths,
    list: async (path) => folders.get(path),
    entry: async (path) => {
      const cut = path.lastIndexOf('/');
      return folders.get(path.slice(0, Math.max(0, cut)))?.get(path.slice(cut + 1));
    },
    read: async (path) => {
      readPaths.push(path);
      const data = bytes.get(path);
      if (data === undefined) throw new SluiceError('source.pathMissing', `no file ${path}`);
      return data;
    },
  };
}

function oidOf(data: string | Uint8Array): string {
  return createHash('sha1').update(data).digest('hex');
}
