// A renderer in a few lines of Node: speaks the protocol and misbehaves where the path says so.
// `build` reads "<path>" and, where that is a folder, each of its files; an object per file.
import { FrameReader, encodeFrame } from '../../../src/adapters/renderer/frame.ts';

type Frame = Record<string, unknown> & { path?: string; have?: Record<string, Frame>; op?: string };

const reader = new FrameReader();
const frames: Frame[] = [];
let wake: (() => void) | undefined;
process.stdin.on('data', (chunk: Buffer) => {
  reader.push(chunk);
  for (let text = reader.next(); text !== undefined; text = reader.next()) frames.push(JSON.parse(text) as Frame);
  wake?.();
});
process.stdin.on('end', () => process.exit(0));

async function receive(): Promise<Frame> {
  while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
  return frames.shift() as Frame;
}

function send(value: unknown): void {
  process.stdout.write(encodeFrame(JSON.stringify(value)));
}

const misdeeds: Record<string, () => unknown> = {
  hang: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  crash: () => process.kill(process.pid, 'SIGKILL'),
  panic: () => {
    process.stderr.write('panic: SECRET-CANARY\n'.repeat(100_000));
    process.exit(2);
  },
  shout: () => {
    const words = 'SECRET-CANARY'.repeat(80_000);
    const more = (): void => void process.stderr.write(words, more);
    more();
  },
  unending: () => {
    // Of a frame that is allowed and never whole.
    process.stdout.write(Buffer.from('00ffffff', 'hex'));
    setInterval(() => process.stdout.write(' '), 5);
  },
  lastWords: () => {
    send({ error: { code: 'build.crash', message: 'the renderer failed on this build' } });
    setTimeout(() => process.exit(2), 100);
  },
  memory: () => process.exit(3),
  garbage: () => process.stdout.write(encodeFrame('SECRET-CANARY {')),
  giant: () => process.stdout.write(Buffer.from('ffffffff', 'hex')),
  flood: () => {
    for (let index = 0; index < 100_000; index++) send({ need: `flood/${index}` });
  },
  greedy: async () => {
    for (let index = 0; ; index++) {
      send({ need: `greedy/${index}` });
      await receive();
    }
  },
  escape: () => send({ need: '../../etc/passwd' }),
  twice: async () => {
    send({ need: 'twice' });
    await receive();
    send({ need: 'twice' });
  },
  unknownCode: () => send({ error: { code: 'build.nonsense', message: 'x' } }),
  noShape: () => send({ ok: { objects: [{ object: { kind: 'A' }, sources: [] }] } }),
  prototype: () => process.stdout.write(encodeFrame('{"ok":{"objects":[{"object":{"__proto__":{"x":1}}}]}}')),
  hog: () => {
    const hoard: Buffer[] = [];
    setInterval(() => hoard.push(Buffer.alloc(16 * 1024 * 1024, 1)), 5);
  },
  refused: () =>
    send({ error: { code: 'build.remote', message: 'a\nb\u0007 c', remedy: 'vendor it', file: 'a.yaml', line: 4 } }),
};

async function build(request: Frame): Promise<void> {
  const misdeed = misdeeds[request.path ?? ''];
  if (misdeed !== undefined) {
    await misdeed();
    return;
  }
  const reads: string[] = [];
  const find = async (path: string): Promise<Frame> => {
    reads.push(path);
    const had = request.have?.[path];
    if (had !== undefined) return had;
    send({ need: path });
    return await receive();
  };
  const folder = await find(request.path ?? '');
  const objects: unknown[] = [];
  for (const entry of (folder['entries'] ?? []) as { name: string; kind: string }[]) {
    const file = `${request.path}/${entry.name}`;
    const found = await find(file);
    objects.push({
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: entry.name }, data: found },
      sources: [{ file, line: 1, document: 0, by: 'declared' }],
    });
  }
  send({ ok: { objects, unknownVariables: [], copiesSecrets: false, reads: reads.toSorted() } });
}

if (process.argv[2] === 'mute') await new Promise(() => setInterval(() => {}, 1_000));
send({ ready: { protocol: process.argv[2] === 'old' ? 0 : 1, cage: 'process' } });
for (;;) {
  const request = await receive();
  if (request.op === 'environment') send({ ok: { environment: process.env, directory: process.cwd() } });
  else await build(request);
}
