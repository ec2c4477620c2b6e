// What a tree holds at a path, and who it is: two paths with one identity give a build the same bytes.
import { createHash } from 'node:crypto';
import type { Tree, TreeEntry } from '../../ports.ts';

/**
 * `file:<oid>`, `directory:<sha256 of names and types>`, `refused:<reason>` or `missing`. A folder's identity covers
 * its listing alone, since what a build reads below it is listed by itself.
 */
export type Identity = string;

export type Found =
  | { readonly type: 'file'; readonly oid: string; readonly identity: Identity }
  | { readonly type: 'directory'; readonly entries: ReadonlyMap<string, TreeEntry>; readonly identity: Identity }
  | { readonly type: 'refused'; readonly reason: string; readonly identity: Identity }
  | { readonly type: 'missing'; readonly identity: Identity };

const missing: Found = { type: 'missing', identity: 'missing' };

/** Looks at one tree, each path once. */
export class TreeView {
  readonly tree: Tree;
  readonly #found = new Map<string, Promise<Found>>();

  constructor(tree: Tree) {
    this.tree = tree;
  }

  find(path: string): Promise<Found> {
    let found = this.#found.get(path);
    if (found === undefined) {
      found = look(this.tree, path);
      this.#found.set(path, found);
      // A failure is not remembered: the next caller may be luckier.
      found.catch(() => this.#found.delete(path));
    }
    return found;
  }

  /** Tells whether this tree holds, at every path, what `reads` says. */
  async matches(reads: ReadonlyMap<string, Identity>): Promise<boolean> {
    for (const [path, identity] of reads) if ((await this.find(path)).identity !== identity) return false;
    return true;
  }
}

async function look(tree: Tree, path: string): Promise<Found> {
  const entry: TreeEntry | undefined = path === '' ? { type: 'directory', oid: '' } : await tree.entry(path);
  if (entry === undefined) return (await refusedAbove(tree, path)) ?? missing;
  if (entry.type === 'refused') return refused(entry.reason);
  if (entry.type === 'file') return { type: 'file', oid: entry.oid, identity: `file:${entry.oid}` };
  const entries = await tree.list(path);
  return entries === undefined ? missing : { type: 'directory', entries, identity: listingIdentity(entries) };
}

// `link/app.yaml`, where `link` is a symlink, is refused for the link and not merely absent.
async function refusedAbove(tree: Tree, path: string): Promise<Found | undefined> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const entry = await tree.entry(path.slice(0, end));
    if (entry?.type === 'refused') return refused(entry.reason);
    if (entry !== undefined) return undefined;
  }
  return undefined;
}

function refused(reason: string): Found {
  return { type: 'refused', reason, identity: `refused:${reason}` };
}

function listingIdentity(entries: ReadonlyMap<string, TreeEntry>): Identity {
  const hash = createHash('sha256');
  for (const [name, entry] of entries) {
    hash.update(JSON.stringify([name, entry.type, entry.type === 'refused' ? entry.reason : '']));
  }
  return `directory:${hash.digest('hex')}`;
}
