// Who Sluice is at GitHub: the App (a signed JWT), and the App at one installation (a token for an hour).
import githubAppJwt from 'universal-github-app-jwt';
import type { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import type { RepositoryId } from '../../ports/github.ts';
import { tokenAnswer } from './answers.ts';
import type { Answer, Ask, Wire } from './wire.ts';

export interface IdentityOptions {
  readonly appId: number;
  /** PEM, RSA. */
  readonly privateKey: string;
  readonly wire: Wire;
  /** Told of every token, so that logs can hide it. */
  readonly onToken: (token: string) => void;
}

interface Held {
  readonly token: Promise<string>;
  /** GitHub's clock, milliseconds; infinite while it is being asked for. */
  until: number;
}

/** The JWT is dated back a minute: a clock that runs ahead must not make it "issued in the future". */
const backSeconds = 60;
/** The library dates back 30 s itself. */
const libraryBackSeconds = 30;
const marginMs = 5 * 60_000;
const manyTokens = 2_000;

export class Identity {
  readonly #options: IdentityOptions;
  readonly #tokens = new Map<string, Held>();

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /**
   * Makes one call as the App. When the JWT is refused and our clock turns out to be wrong, it is made once more with
   * GitHub's time.
   */
  async asApp<S extends z.ZodType>(ask: Ask<S>): Promise<Answer<z.output<S>>> {
    const answer = await this.#signed(ask);
    if (answer === undefined) throw this.#unknownApp(ask.what);
    return answer;
  }

  /** Makes one call as the App's installation. A refused token is replaced once, and the call made once more. */
  async asInstallation<S extends z.ZodType>(installation: number, ask: Ask<S>): Promise<Answer<z.output<S>>> {
    const { wire } = this.#options;
    const key = String(installation);
    let used = '';
    const authorization = async (): Promise<string> => {
      used = await this.#token(key, installation, {});
      return `token ${used}`;
    };
    const first = await wire.exchange(installation, authorization, ask);
    if (first !== undefined) return first;
    await this.#forget(key, used);
    const second = await wire.exchange(installation, authorization, ask);
    if (second !== undefined) return second;
    throw new SluiceError('github.denied', `${ask.what}: GitHub did not accept a new token of the installation`);
  }

  /** A token that reads one repository's files and nothing else. `refused` is one that no longer works. */
  async fetchToken({ installation, repository }: RepositoryId, refused?: string): Promise<string> {
    const key = `${installation}/${repository}`;
    if (refused !== undefined) await this.#forget(key, refused);
    return this.#token(key, installation, { repository_ids: [repository], permissions: { contents: 'read' } });
  }

  async #signed<S extends z.ZodType>(ask: Ask<S>): Promise<Answer<z.output<S>> | undefined> {
    const { wire } = this.#options;
    const before = wire.github.aheadMs;
    const sign = (): Promise<string> => this.#jwt();
    const first = await wire.exchange('app', sign, ask);
    const learnt = Math.abs(wire.github.aheadMs - before) > 10_000;
    return first !== undefined || !learnt ? first : wire.exchange('app', sign, ask);
  }

  async #jwt(): Promise<string> {
    const { appId, privateKey, wire } = this.#options;
    const now = Math.floor(wire.github.now() / 1000) - (backSeconds - libraryBackSeconds);
    const { token } = await githubAppJwt({ id: appId, privateKey, now });
    return `bearer ${token}`;
  }

  async #token(key: string, installation: number, scope: Readonly<Record<string, unknown>>): Promise<string> {
    const now = this.#options.wire.github.now();
    const held = this.#tokens.get(key);
    if (held !== undefined && now < held.until) return held.token;
    if (this.#tokens.size >= manyTokens) this.#dropExpired(now);
    let until = Number.POSITIVE_INFINITY;
    const made = this.#ask(installation, scope).then(({ token, expiresAt }) => {
      const asked = this.#options.wire.github.now();
      until = expiresAt - Math.min(marginMs, (expiresAt - asked) / 10);
      entry.until = until;
      return token;
    });
    const entry: Held = { token: made, until };
    this.#tokens.set(key, entry);
    try {
      return await made;
    } catch (error) {
      if (this.#tokens.get(key) === entry) this.#tokens.delete(key);
      throw error;
    }
  }

  async #ask(installation: number, scope: Readonly<Record<string, unknown>>): Promise<Token> {
    const what = `asking for a token of installation ${installation}`;
    const answer = await this.#signed({
      what,
      route: 'POST /app/installations/{installation_id}/access_tokens',
      parameters: { installation_id: installation, ...scope },
      answer: tokenAnswer,
    }).catch((error: unknown) => {
      throw lostAccess(error, what);
    });
    if (answer === undefined) throw this.#unknownApp(what);
    const { token, expires_at } = answer.data;
    this.#options.onToken(token);
    return { token, expiresAt: Date.parse(expires_at) };
  }

  /** Drops a token that GitHub refused, unless somebody has replaced it already. */
  async #forget(key: string, refused: string): Promise<void> {
    const held = this.#tokens.get(key);
    if (held !== undefined && (await held.token.catch(() => '')) === refused) this.#tokens.delete(key);
  }

  #dropExpired(now: number): void {
    for (const [key, { until }] of this.#tokens) if (until <= now) this.#tokens.delete(key);
  }

  #unknownApp(what: string): SluiceError {
    const seconds = Math.round(this.#options.wire.github.aheadMs / 1000);
    const clock =
      seconds === 0
        ? ''
        : `; this machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} GitHub's`;
    return new SluiceError('github.denied', `${what}: GitHub does not accept the App's signature (HTTP 401)${clock}`, {
      remedy: 'check that SLUICE_APP_ID and SLUICE_PRIVATE_KEY belong together and that the clock is right',
    });
  }
}

interface Token {
  readonly token: string;
  /** GitHub's clock, milliseconds. */
  readonly expiresAt: number;
}

/** Uninstalled (404), suspended (403) or no longer given this repository (422): nothing of it is ours to see. */
function lostAccess(error: unknown, what: string): unknown {
  if (!(error instanceof SluiceError) || (error.code !== 'github.denied' && error.code !== 'github.rejected'))
    return error;
  return new SluiceError('github.gone', `${what}: the App is suspended there or has lost the repository`);
}
