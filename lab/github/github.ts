// A small GitHub on this machine, for tests, the demo and a person at the keyboard.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract } from './contract.ts';
import { LabCode } from './lab-code.ts';
import { gitHubLimits, type Limits, Meter } from './limits.ts';
import { watchQueues } from './queue.ts';
import { type Listening, listen } from './server.ts';
import { Hooks } from './webhook/hooks.ts';
import { World } from './world.ts';

export interface GitHubOptions {
  /** Where the bare repositories go; without, a temporary folder, removed at the end. */
  readonly folder?: string;
  /** Without, a free one. */
  readonly port?: number;
  /** The API's path; without, `/api/v3` as on GitHub Enterprise Server. */
  readonly apiPath?: string;
  /** Without, GitHub.com's; `{}` is none at all. */
  readonly limits?: Limits;
  /** Checks requests, answers and webhooks against GitHub's published descriptions (half a second to load). */
  readonly contract?: boolean;
}

/**
 * Starts a GitHub on loopback. Its answers are what GitHub's would be, its repositories real; stop it with `stop()`.
 * Everything a test does to it is a method of what it returns; REST, webhooks and Git are what an App sees.
 */
export async function startGitHub(options: GitHubOptions = {}): Promise<LabGitHub> {
  const temporary = options.folder === undefined;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'lab-github-')));
  const world = new World(folder);
  const contract = options.contract === true ? new Contract() : undefined;
  const hooks = new Hooks(world, contract);
  watchQueues(world);
  const meter = new Meter(world, options.limits ?? gitHubLimits);
  const apiPath = options.apiPath ?? '/api/v3';
  const listening = await listen({ world, hooks, meter, contract, apiPath }, options.port ?? 0);
  Object.assign(world.addresses, { html: listening.address, api: `${listening.address}${apiPath}` });
  return new LabGitHub(world, hooks, contract, { listening, temporary });
}

export class LabGitHub extends LabCode {
  readonly #listening: Listening;
  readonly #temporary: boolean;

  constructor(
    world: World,
    hooks: Hooks,
    contract: Contract | undefined,
    at: { readonly listening: Listening; readonly temporary: boolean },
  ) {
    super(world, hooks, contract);
    this.#listening = at.listening;
    this.#temporary = at.temporary;
  }

  /** Ends the server and deliveries under way; removes the repositories where their folder was temporary. */
  async stop(): Promise<void> {
    await Promise.all([this.#listening.close(), this.hooks.close()]);
    if (this.#temporary) await rm(this.world.folder, { recursive: true, force: true });
  }
}
