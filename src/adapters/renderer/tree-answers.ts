// Answers the renderer's questions about a tree (renderer/PROTOCOL.md, "Asking for a path") as JSON text.
import { SluiceError } from '../../errors.ts';
import { Lru } from './lru.ts';
import type { Found, TreeView } from './tree-view.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Most that is sent along unasked: with a folder never built before, and with one whose reads are remembered. */
const folderLimit = { paths: 64, bytes: 256 * 1024 };
const knownLimit = { paths: 2_048, bytes: 8 * 1024 * 1024 };

export class TreeAnswers {
  // The same base is read for every tenant and cluster: its files are read and encoded once.
  readonly #files: Lru<string>;

  constructor(cacheBytes: number) {
    this.#files = new Lru(cacheBytes);
  }

  /** Returns the answer for one path. @throws SluiceError what the tree throws, but for `pathMissing`, `tooLarge` */
  async answer(view: TreeView, path: string): Promise<string> {
    const found = await view.find(path);
    return found.type === 'file' ? await this.#file(view, path, found.oid) : withoutBytes(found);
  }

  /**
   * Returns answers that a build of `folder` will likely ask for, by path: those that it asked for last time where
   * `known` tells them, the folder's own files otherwise.
   */
  async ahead(view: TreeView, folder: string, known: readonly string[] | undefined): Promise<Map<string, string>> {
    const limit = known === undefined ? folderLimit : knownLimit;
    const answers = new Map<string, string>();
    let bytes = 0;
    for (const path of (known ?? (await ownFiles(view, folder))).slice(0, limit.paths)) {
      const answer = await this.answer(view, path);
      bytes += answer.length;
      if (bytes > limit.bytes) break;
      answers.set(path, answer);
    }
    return answers;
  }

  async #file(view: TreeView, path: string, oid: string): Promise<string> {
    const kept = this.#files.get(oid);
    if (kept !== undefined) return kept;
    try {
      const answer = encodeFile(await view.tree.read(path));
      this.#files.set(oid, answer, answer.length * 2);
      return answer;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === 'source.tooLarge') return '{"kind":"refused","reason":"tooLarge"}';
      if (error.code === 'source.pathMissing') return '{"kind":"missing"}';
      throw error;
    }
  }
}

/** `{"kind":"file","text":…}`, or `base64` where the bytes are not valid UTF-8. */
export function encodeFile(bytes: Uint8Array): string {
  try {
    return `{"kind":"file","text":${JSON.stringify(utf8.decode(bytes))}}`;
  } catch {
    return `{"kind":"file","base64":"${Buffer.from(bytes).toString('base64')}"}`;
  }
}

function withoutBytes(found: Exclude<Found, { type: 'file' }>): string {
  if (found.type === 'missing') return '{"kind":"missing"}';
  if (found.type === 'refused') return JSON.stringify({ kind: 'refused', reason: found.reason });
  const entries = Array.from(found.entries, ([name, entry]) => ({
    name,
    kind: entry.type,
    ...(entry.type === 'refused' && { reason: entry.reason }),
  }));
  return JSON.stringify({ kind: 'directory', entries });
}

async function ownFiles(view: TreeView, folder: string): Promise<string[]> {
  const found = await view.find(folder);
  if (found.type !== 'directory') return [folder];
  const files = Array.from(found.entries).filter(([, entry]) => entry.type === 'file');
  return [folder, ...files.map(([name]) => (folder === '' ? name : `${folder}/${name}`))];
}
