// A Git server's answers, by version 2 of the protocol, which asks for the refs that matter and no others.
// https://git-scm.com/docs/protocol-v2; Git's own client asks for capabilities first, and every server of GitHub's has these.
import type { GitCredential } from '../../ports/mirror.ts';
import { authorizationOf, type GitPost } from './post.ts';
import { delimiter, flush, packetsOf, pktLine } from './pkt-line.ts';

export interface ServerRef {
  readonly ref: string;
  /** What the ref holds: for an annotated tag the tag. */
  readonly oid: string;
  /** The commit behind an annotated tag. */
  readonly peeled: string | undefined;
  /** What a symbolic ref points to. */
  readonly target: string | undefined;
}

export interface GitServer {
  readonly url: string;
  readonly token: GitCredential | undefined;
}

const mostRefs = 200_000;
const line = /^([0-9a-f]{40}|unborn) (\S{1,1000})((?: [a-z-]+:\S{1,1000})*)\n?$/;

/** The server's refs whose full names start with one of these. @throws Error for an answer that is not whole */
export async function listRefs(post: GitPost, server: GitServer, prefixes: readonly string[]): Promise<ServerRef[]> {
  const wanted = prefixes.map((prefix) => pktLine(`ref-prefix ${prefix}`));
  const body = [pktLine('command=ls-refs'), delimiter, pktLine('peel'), pktLine('symrefs'), ...wanted, flush];
  const found: ServerRef[] = [];
  let whole = false;
  for await (const packet of packetsOf(await ask(post, server, body))) {
    whole = packet === 'flush';
    if (typeof packet === 'string') continue;
    const [, oid = '', ref = '', attributes = ''] = line.exec(Buffer.from(packet).toString()) ?? [];
    if (ref === '') throw new Error('a line that names no ref');
    if (oid === 'unborn') continue;
    if (found.push({ ref, oid, ...attributesOf(attributes) }) > mostRefs) throw new Error('too many refs');
  }
  if (!whole) throw new Error('the list of refs is cut');
  return found;
}

function attributesOf(text: string): Pick<ServerRef, 'peeled' | 'target'> {
  const value = (name: string): string | undefined =>
    text
      .split(' ')
      .find((one) => one.startsWith(`${name}:`))
      ?.slice(name.length + 1);
  return { peeled: value('peeled'), target: value('symref-target') };
}

/**
 * The pack with an object and what it needs, beyond what `haves` need.
 *
 * @throws Error for an answer that is not whole
 */
export async function fetchPack(
  post: GitPost,
  server: GitServer,
  want: string,
  haves: readonly string[],
): Promise<Buffer> {
  const known = haves.map((have) => pktLine(`have ${have}`));
  const options = [pktLine('ofs-delta'), pktLine('no-progress')];
  const body = [
    pktLine('command=fetch'),
    delimiter,
    ...options,
    pktLine(`want ${want}`),
    ...known,
    pktLine('done'),
    flush,
  ];
  const parts: Buffer[] = [];
  let state: 'before' | 'pack' | 'end' = 'before';
  for await (const packet of packetsOf(await ask(post, server, body))) {
    if (typeof packet === 'string') {
      if (packet === 'flush' && state === 'pack') state = 'end';
      continue;
    }
    if (state !== 'pack') {
      const text = Buffer.from(packet).toString('latin1', 0, 20);
      if (text.startsWith('ERR ')) throw new Error('the server gives an error');
      if (text.trim() === 'packfile') state = 'pack';
      continue;
    }
    // Side bands: 1 is the pack, 2 progress, 3 an error.
    if (packet[0] === 1) parts.push(Buffer.from(packet.subarray(1)));
    else if (packet[0] !== 2) throw new Error('the server gives an error');
  }
  if (state !== 'end') throw new Error('the pack is cut');
  return Buffer.concat(parts);
}

function ask(post: GitPost, { url, token }: GitServer, body: readonly string[]): Promise<AsyncIterable<Uint8Array>> {
  return post(`${url}/git-upload-pack`, {
    body: body.join(''),
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      accept: 'application/x-git-upload-pack-result',
      'git-protocol': 'version=2',
      ...(token === undefined ? {} : { authorization: authorizationOf(token) }),
    },
  });
}
