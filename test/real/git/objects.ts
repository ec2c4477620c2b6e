// Git repositories written byte by byte, so that they can hold what Git itself would never write.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';

export type RawType = 'blob' | 'tree' | 'commit' | 'tag';

export interface RawEntry {
  readonly mode: string;
  readonly name: string | Uint8Array;
  readonly oid: string;
}

export function rawTree(entries: readonly RawEntry[]): Buffer {
  return Buffer.concat(
    entries.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode} `),
      Buffer.from(name as string),
      Buffer.from([0]),
      Buffer.from(oid, 'hex'),
    ]),
  );
}

export function rawId(type: RawType, bytes: Uint8Array): string {
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}

/** A bare repository in a temporary folder. */
export class RawRepository {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-git-'));

  constructor() {
    for (const name of ['objects/pack', 'refs/heads', 'refs/tags'])
      mkdirSync(join(this.folder, name), { recursive: true });
    this.write('HEAD', 'ref: refs/heads/main\n');
    this.write('config', '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** A loose object; returns its id. */
  object(type: RawType, content: string | Uint8Array): string {
    const bytes = Buffer.from(content as string);
    const oid = rawId(type, bytes);
    this.loose(oid, deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])));
    return oid;
  }

  /** Whatever bytes under whatever id. */
  loose(oid: string, stored: Uint8Array): void {
    this.write(`objects/${oid.slice(0, 2)}/${oid.slice(2)}`, stored);
  }

  tree(entries: readonly RawEntry[]): string {
    return this.object('tree', rawTree(entries));
  }

  commit(tree: string, parents: readonly string[] = [], time = 1_700_000_000): string {
    const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`)];
    const who = `A <a@example.com> ${time} +0000`;
    return this.object('commit', `${[...lines, `author ${who}`, `committer ${who}`].join('\n')}\n\nmessage\n`);
  }

  ref(name: string, oid: string): void {
    this.write(name, `${oid}\n`);
  }

  /** A pack with its index. Every object says under which id the index lists it. */
  pack(objects: readonly PackedObject[], cut = 0): void {
    const parts: Buffer[] = [packHeader(objects.length)];
    const offsets = new Map<string, number>();
    let at = 12;
    for (const object of objects) {
      offsets.set(object.oid, at);
      const base = object.base === undefined ? undefined : (offsets.get(object.base) ?? 0);
      const bytes = packedBytes(object, base === undefined ? undefined : at - base);
      parts.push(bytes);
      at += bytes.length;
    }
    const body = Buffer.concat(parts);
    const sum = createHash('sha1').update(body).digest();
    const name = `objects/pack/pack-${sum.toString('hex')}`;
    const whole = Buffer.concat([body, sum]);
    this.write(`${name}.pack`, whole.subarray(0, whole.length - cut));
    this.write(`${name}.idx`, packIndex(offsets, sum));
  }

  git(...args: string[]): string {
    return git(this.folder, ...args);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface PackedObject {
  readonly oid: string;
  /** 1 commit, 2 tree, 3 blob, 4 tag, 6 delta by offset (of `base`), 7 delta by id. */
  readonly kind: number;
  /** What the header announces, where it is not the content's own length. */
  readonly size?: number;
  readonly content: Uint8Array;
  readonly base?: string;
  readonly baseOid?: string;
}

function packHeader(count: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.write('PACK');
  bytes.writeUInt32BE(2, 4);
  bytes.writeUInt32BE(count, 8);
  return bytes;
}

function packedBytes(object: PackedObject, back: number | undefined): Buffer {
  const header: number[] = [];
  let size = object.size ?? object.content.length;
  header.push((object.kind << 4) | (size & 15) | (size > 15 ? 0x80 : 0));
  for (size = Math.floor(size / 16); size > 0; size = Math.floor(size / 128))
    header.push((size & 127) | (size > 127 ? 0x80 : 0));
  if (back !== undefined) {
    const offset = [back & 127];
    for (let rest = Math.floor(back / 128); rest > 0; rest = Math.floor(rest / 128))
      offset.unshift(0x80 | (--rest & 127));
    header.push(...offset);
  }
  const base = Buffer.from(object.baseOid ?? '', 'hex');
  return Buffer.concat([Buffer.from(header), base, deflateSync(object.content)]);
}

function packIndex(offsets: ReadonlyMap<string, number>, sum: Buffer): Buffer {
  const oids = [...offsets.keys()].sort();
  const fanout = Buffer.alloc(1024);
  for (let first = 0; first < 256; first++) {
    fanout.writeUInt32BE(oids.filter((oid) => Number.parseInt(oid.slice(0, 2), 16) <= first).length, first * 4);
  }
  const places = Buffer.alloc(oids.length * 4);
  for (const [index, oid] of oids.entries()) places.writeUInt32BE(offsets.get(oid) ?? 0, index * 4);
  const names = Buffer.from(oids.join(''), 'hex');
  const head = Buffer.from('ff744f6300000002', 'hex');
  const body = Buffer.concat([head, fanout, names, Buffer.alloc(oids.length * 4), places, sum]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

/** Sizes and instructions of a delta. */
export function rawDelta(base: number, result: number, instructions: readonly number[]): Buffer {
  const size = (value: number): number[] => {
    const bytes: number[] = [];
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      bytes.push((rest & 127) | (rest > 127 ? 0x80 : 0));
      if (rest <= 127) return bytes;
    }
  };
  return Buffer.from([...size(base), ...size(result), ...instructions]);
}

/** Runs Git, untouched by the machine's configuration; returns its output without the last line's end. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync(
    'git',
    [
      '-C',
      folder,
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@example.com',
      '-c',
      'protocol.file.allow=always',
      '-c',
      'core.quotePath=false',
      ...args,
    ],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
      },
    },
  ).replace(/\n$/, '');
}

/** A checkout in a temporary folder with a branch `main`. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-checkout-'));

  constructor() {
    this.git('init', '-q', '-b', 'main');
  }

  git(...args: string[]): string {
    return git(this.folder, ...args);
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  commit(message = 'change'): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
