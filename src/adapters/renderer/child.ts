// One renderer process: started in a cage, asked one thing at a time, killed with its whole group.
import { SluiceError } from '../../errors.ts';
import { type Lack, lackOf } from '../lack.ts';
import { type CagedProcess, holdProcess, killGroup, residentBytes, spawnCaged } from './caged-process.ts';
import { encodeFrame, FrameReader, FrameTooLarge, maxFrameBytes } from './frame.ts';
import { type Stop, stopped } from './stop.ts';

export interface ChildOptions {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** An empty directory. */
  readonly directory: string;
  readonly startTimeoutMs: number;
  /** Resident memory at which a child is killed (`build.memory`), where `/proc` tells. */
  readonly maxResidentBytes: number;
}

/** One request and how its questions are answered. */
export interface Exchange {
  /** Names the work in errors: `the build of "apps/web"`. */
  readonly subject: string;
  /** Request as JSON text. */
  readonly request: string;
  /** Time the child may spend; the time our answers take does not count. */
  readonly wallMs: number;
  /** Most paths that may be asked for. */
  readonly maxNeeds: number;
  /** Answer for a path of the tree as JSON text; must not reject for what the tenant did. */
  answer(path: string): Promise<string>;
}

interface Open {
  readonly exchange: Exchange;
  readonly asked: Set<string>;
  readonly resolve: (text: string) => void;
  readonly reject: (error: SluiceError) => void;
  remainingMs: number;
  since: number;
  answering: boolean;
}

const startSubject = 'the start of the renderer';
const watchEveryMs = 100;
const saysCrash = /^\{"error":\{.*"code":"build\.(crash|memory)"/;

export class RendererChild {
  readonly pid: number | undefined;
  /** Resolves when the process is gone and its pipes are closed. */
  readonly gone: Promise<void>;
  readonly #process: CagedProcess;
  readonly #frames = new FrameReader(maxFrameBytes);
  readonly #maxResidentBytes: number;
  #open: Open | undefined;
  #wall: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stop: Stop | undefined;
  #exited = false;

  private constructor(options: ChildOptions) {
    this.#maxResidentBytes = options.maxResidentBytes;
    const child = spawnCaged(options.command, options.args, options.directory);
    this.#process = child;
    this.pid = child.pid;
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.gone = new Promise((resolve) => {
      child.on('error', (error) => {
        if (child.pid !== undefined) return;
        this.#closed({ why: 'missing', cause: error });
        resolve();
      });
      child.on('close', (code, signal) => {
        this.#closed({ why: 'exit', code, signal });
        resolve();
      });
    });
  }

  /**
   * Starts a process and waits for its `ready` frame.
   * @throws SluiceError `renderer.unavailable` when it does not start or speaks another protocol
   */
  static async start(options: ChildOptions): Promise<RendererChild> {
    const child = RendererChild.#begin(options);
    const wait = { subject: startSubject, request: '', wallMs: options.startTimeoutMs, maxNeeds: 0, answer: noAnswer };
    let text: string;
    try {
      text = await child.#expect(wait);
    } catch (cause) {
      child.kill();
      const lack = lackOf(cause);
      if (lack !== undefined) throw notStarted(lack, cause);
      throw new SluiceError('renderer.unavailable', 'the renderer did not start', {
        remedy: 'Delete the folder .cache/renderer and try again; if SLUICE_RENDERER is set, check what it names.',
        cause,
      });
    }
    if (!speaksProtocol1(text)) {
      child.kill();
      throw new SluiceError(
        'renderer.unavailable',
        'the renderer speaks another protocol than this version of Sluice',
        {
          remedy: 'Unset SLUICE_RENDERER, or point it at the renderer of this version.',
        },
      );
    }
    return child;
  }

  static #begin(options: ChildOptions): RendererChild {
    try {
      return new RendererChild(options);
    } catch (cause) {
      const lack = lackOf(cause);
      throw lack === undefined ? cause : notStarted(lack, cause);
    }
  }

  get alive(): boolean {
    return !this.#exited && this.#stop === undefined;
  }

  /**
   * Sends one request, answers what is asked, and returns the last frame's text. One at a time.
   * @throws SluiceError `build.timeout`, `build.memory`, `build.crash`, `build.tooLarge`, `renderer.protocol`; the
   *   child is dead afterwards
   */
  async ask(exchange: Exchange): Promise<string> {
    const frame = requestFrame(exchange);
    const answer = this.#expect(exchange);
    this.#watch = setTimeout(() => void this.#watchMemory(), watchEveryMs);
    this.#process.stdin.write(frame);
    return await answer;
  }

  /** Resident memory in bytes, or undefined where the system does not tell. */
  async residentBytes(): Promise<number | undefined> {
    return await residentBytes(this.pid);
  }

  /** Keeps the parent's event loop alive while `on`; an idle child must not. */
  hold(on: boolean): void {
    holdProcess(this.#process, on);
  }

  /** Kills the process group at once. */
  kill(): void {
    this.#end({ why: 'closed' });
  }

  /** Lets an idle child leave by itself, kills it after `graceMs`. */
  async close(graceMs = 1_000): Promise<void> {
    this.hold(true);
    this.#process.stdin.end();
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.gone;
    clearTimeout(timer);
  }

  #expect(exchange: Exchange): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#exited || this.#stop !== undefined) {
        reject(stopped(this.#stop ?? { why: 'missing' }, exchange));
        return;
      }
      this.#open = {
        exchange,
        asked: new Set(),
        resolve,
        reject,
        remainingMs: exchange.wallMs,
        since: performance.now(),
        answering: false,
      };
      this.#armWall();
    });
  }

  #receive(chunk: Buffer): void {
    if (!this.alive) return;
    this.#frames.push(chunk);
    try {
      for (let text = this.#frames.next(); text !== undefined; text = this.#frames.next()) this.#take(text);
    } catch (error) {
      this.#end(error instanceof FrameTooLarge ? { why: 'tooLarge' } : { why: 'protocol' });
    }
  }

  #take(text: string): void {
    const open = this.#open;
    if (open === undefined || open.answering) {
      this.#end({ why: 'protocol' });
      return;
    }
    const path = neededPath(text);
    if (path === undefined) {
      this.#settle()?.resolve(text);
      // A child that says it crashed is about to leave: nobody else may be given to it.
      if (saysCrash.test(text.slice(0, 1_024))) this.#end({ why: 'closed' });
      return;
    }
    if (open.asked.has(path) || !isCleanPath(path)) this.#end({ why: 'protocol' });
    else if (open.asked.size >= open.exchange.maxNeeds) this.#end({ why: 'tooManyPaths' });
    else void this.#answer(open, path);
  }

  async #answer(open: Open, path: string): Promise<void> {
    open.asked.add(path);
    open.answering = true;
    open.remainingMs -= performance.now() - open.since;
    clearTimeout(this.#wall);
    let frame: Buffer | undefined;
    try {
      frame = encodeFrame(await open.exchange.answer(path));
    } catch (error) {
      if (this.#open === open) this.#end(error instanceof FrameTooLarge ? { why: 'tooLarge' } : { why: 'answer' });
      return;
    }
    if (this.#open !== open) return;
    open.answering = false;
    open.since = performance.now();
    this.#armWall();
    this.#process.stdin.write(frame);
  }

  #armWall(): void {
    // A parent that was busy for long must first read what has already arrived.
    const expire = (open: Open | undefined): void => {
      setImmediate(() => {
        if (open !== undefined && this.#open === open && !open.answering) this.#end({ why: 'timeout' });
      });
    };
    this.#wall = setTimeout(expire, Math.max(1, this.#open?.remainingMs ?? 1), this.#open);
  }

  async #watchMemory(): Promise<void> {
    const open = this.#open;
    const bytes = await this.residentBytes();
    if (open === undefined || this.#open !== open) return;
    if (bytes !== undefined && bytes > this.#maxResidentBytes) this.#end({ why: 'memory' });
    else this.#watch = setTimeout(() => void this.#watchMemory(), watchEveryMs);
  }

  #settle(): Open | undefined {
    const open = this.#open;
    this.#open = undefined;
    clearTimeout(this.#wall);
    clearTimeout(this.#watch);
    return open;
  }

  #end(stop: Stop): void {
    this.#stop ??= stop;
    const open = this.#settle();
    open?.reject(stopped(stop, open.exchange));
    if (!this.#exited) killGroup(this.#process);
  }

  #closed(stop: Stop): void {
    this.#exited = true;
    this.#stop ??= stop;
    const open = this.#settle();
    open?.reject(stopped(stop, open.exchange));
  }
}

/** The machine lacks something now, and may not the next time. */
export function notStarted({ words, remedy }: Lack, cause: unknown): SluiceError {
  const message = `the renderer cannot be started: ${words}`;
  return new SluiceError('renderer.unavailable', message, { kind: 'transient', remedy, cause });
}

function requestFrame(exchange: Exchange): Buffer {
  try {
    return encodeFrame(exchange.request);
  } catch {
    throw stopped({ why: 'tooLarge' }, exchange);
  }
}

// Questions are short; an answer may be as long as a frame and is not parsed twice.
function neededPath(text: string): string | undefined {
  if (text.length > 16_384 || !text.includes('"need"')) return undefined;
  const frame: unknown = JSON.parse(text);
  if (typeof frame !== 'object' || frame === null || !('need' in frame)) return undefined;
  if (typeof frame.need !== 'string') throw new TypeError('a path is a string');
  return frame.need;
}

function isCleanPath(path: string): boolean {
  return path === '' || (!path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)));
}

function speaksProtocol1(text: string): boolean {
  try {
    const frame: { ready?: { protocol?: unknown } } | null = JSON.parse(text);
    return frame?.ready?.protocol === 1;
  } catch {
    return false;
  }
}

async function noAnswer(): Promise<string> {
  throw new TypeError('nothing to ask for yet');
}
