// A proxy in front of the queue's Redis that holds commands: before Redis has one, or after it was done and nobody knows.
import { createHash } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface StoreCommand {
  /** `hget`, or `evalsha 1f2e3d4c` for a script. */
  readonly name: string;
}

export type StoreHook = (command: StoreCommand) => Promise<void>;
export type StoreMoment = 'before' | 'after';

export class StoreGate {
  readonly #port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #hooks: { readonly hook: StoreHook; readonly when: StoreMoment }[] = [];

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#serve(client));
  }

  /** @param address `redis://127.0.0.1:<port>/0` */
  static async start(address: string): Promise<StoreGate> {
    const gate = new StoreGate(Number(new URL(address).port));
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get address(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}/0`;
  }

  /** Connections of clients that are open. */
  get clients(): number {
    return this.#sockets.size;
  }

  onCommand(hook: StoreHook, when: StoreMoment): () => void {
    const entry = { hook, when };
    this.#hooks.push(entry);
    return () => {
      this.#hooks = this.#hooks.filter((other) => other !== entry);
    };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket): void {
    this.#sockets.add(client);
    const store = connect(this.#port, '127.0.0.1');
    let asked = Promise.resolve();
    let unread: Buffer = Buffer.alloc(0);
    /** Of the command whose answer is waited for. */
    let answered: (() => Promise<void>) | undefined;
    let told = Promise.resolve();
    for (const [socket, other] of [
      [client, store],
      [store, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
    client.on('close', () => this.#sockets.delete(client));
    store.on('data', (chunk: Buffer) => {
      const after = answered;
      answered = undefined;
      told = told.then(async () => {
        await after?.();
        if (!client.destroyed) client.write(chunk);
      });
    });
    client.on('data', (chunk: Buffer) => {
      const { commands, rest } = split(Buffer.concat([unread, chunk]));
      unread = rest;
      for (const { name, bytes } of commands) {
        asked = asked.then(async () => {
          await this.#run({ name }, 'before');
          if (client.destroyed) return;
          if (this.#hooks.some(({ when }) => when === 'after')) answered = () => this.#run({ name }, 'after');
          store.write(bytes);
        });
      }
    });
  }

  async #run(command: StoreCommand, when: StoreMoment): Promise<void> {
    for (const entry of this.#hooks) if (entry.when === when) await entry.hook(command);
  }
}

interface Split {
  readonly commands: readonly { readonly name: string; readonly bytes: Buffer }[];
  /** The begin of one that has not come whole. */
  readonly rest: Buffer;
}

/** Commands as clients of Redis send them: lists of strings, each with its length before it. */
function split(bytes: Buffer): Split {
  const commands: { name: string; bytes: Buffer }[] = [];
  let start = 0;
  for (;;) {
    const read = readCommand(bytes, start);
    if (read === undefined) return { commands, rest: bytes.subarray(start) };
    commands.push({ name: read.name, bytes: bytes.subarray(start, read.end) });
    start = read.end;
  }
}

function readCommand(bytes: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const line = (at: number): { readonly value: number; readonly end: number } | undefined => {
    const end = bytes.indexOf('\r\n', at);
    return end < 0 ? undefined : { value: Number(bytes.toString('latin1', at + 1, end)), end: end + 2 };
  };
  const count = line(start);
  if (count === undefined) return undefined;
  const parts: Buffer[] = [];
  let at = count.end;
  for (let index = 0; index < count.value; index += 1) {
    const length = line(at);
    if (length === undefined || length.end + length.value + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(length.end, length.end + length.value));
    at = length.end + length.value + 2;
  }
  return { name: nameOf(parts), end: at };
}

/** A script has one name, whether it is sent whole or by its digest. */
function nameOf([command, script]: readonly Buffer[]): string {
  const name = command?.toString('latin1').toLowerCase() ?? '';
  if (name === 'eval')
    return `script ${createHash('sha1')
      .update(script ?? '')
      .digest('hex')
      .slice(0, 8)}`;
  return name === 'evalsha' ? `script ${script?.toString('latin1').slice(0, 8)}` : name;
}
