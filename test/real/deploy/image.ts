// deploy/Dockerfile, read and laid out without a builder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { home } from './overlays.ts';

export interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export async function readDockerfile(): Promise<readonly Stage[]> {
  return readStages(await readFile(join(home, 'deploy', 'Dockerfile'), 'utf8'));
}

function readStages(text: string): readonly Stage[] {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n');
  const out: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((one) => one !== '' && !one.startsWith('#'))) {
    const [name = '', ...words] = line.split(/\s+/);
    if (name === 'FROM') out.push({ image: words[0] ?? '', name: words[2], instructions: [] });
    else out.at(-1)?.instructions.push({ name, words });
  }
  return out;
}

/** Sources and target of each COPY out of the build context. */
export function copied(stage: Stage): { sources: readonly string[]; target: string }[] {
  return stage.instructions
    .filter(({ name, words }) => name === 'COPY' && !words.some((word) => word.startsWith('--from=')))
    .map(({ words }) => {
      const paths = words.filter((word) => !word.startsWith('--'));
      return { sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
    });
}

/** An image's last stage in a folder: what it copies, and the packages that are not for development. */
export class Image {
  readonly app: string;
  /** The one folder that a process of the image may write, apart from `/tmp`. */
  readonly data: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.app = join(folder, 'app');
    this.data = join(folder, 'data');
    this.#environment = environment;
  }

  static async layOut(folder: string, environment: Readonly<Record<string, string>>): Promise<Image> {
    const image = new Image(folder, environment);
    await chmod(folder, 0o755);
    await mkdir(image.data);
    await chmod(image.data, 0o777);
    const last = (await readDockerfile()).at(-1);
    for (const { sources, target } of last === undefined ? [] : copied(last)) {
      for (const source of sources) {
        const to = target === './' ? join(image.app, source) : join(image.app, target);
        await cp(join(home, source), to, { recursive: true });
      }
    }
    await linkPackages(image.app);
    return image;
  }

  /** Starts `sluice` as the image does: as user 1000 where this is root, in a folder that is not that user's. */
  start(args: readonly string[], more: Readonly<Record<string, string>> = {}): Running {
    const root = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
    const env = { PATH: process.env['PATH'], NODE_ENV: 'production', SLUICE_DATA: this.data, ...this.#environment };
    const child = spawn(process.execPath, [join(this.app, 'bin', 'sluice.js'), ...args], {
      cwd: this.app,
      env: { ...env, ...more },
      ...root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    return { child, said: () => output, ended: once(child, 'close').then(([code]) => code as number | null) };
  }
}

export interface Running {
  readonly child: ChildProcess;
  /** Both streams. */
  readonly said: () => string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** What is not there cannot be imported. */
async function linkPackages(into: string): Promise<void> {
  const lock = JSON.parse(await readFile(join(home, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const wanted = Object.entries(lock.packages).filter(
    ([path, { dev }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && dev !== true,
  );
  for (const [path] of wanted) {
    await mkdir(dirname(join(into, path)), { recursive: true });
    await symlink(join(home, path), join(into, path));
  }
}
