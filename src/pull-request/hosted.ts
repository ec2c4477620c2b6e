// Which repositories the App can see, and which of them is the platform's.
import { SluiceError } from '../errors.ts';
import type { GitHub, HostedRepository } from '../ports/github.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';
import { parseRepositoryUrl, sameRepository } from '../source/url.ts';

/** Names that are asked about for one review. */
const mostNames = 50;

export interface HostedRepositories {
  /** @throws SluiceError `fleet.noPlatform` where the App is not installed on it */
  platform(): Promise<HostedRepository>;
  /** Full name of the branch that the fleet follows: `refs/heads/main`. */
  trackedBranch(): Promise<string>;
  find(matches: (repository: HostedRepository) => boolean): Promise<HostedRepository | undefined>;
  /** The one at an address, or that GitHub leads the address to since it was renamed. */
  at(url: string): Promise<HostedRepository | undefined>;
  /** Which of these addresses, that no repository has now, GitHub leads to this one: it had that name. */
  formerUrl(repository: HostedRepository, urls: readonly string[]): Promise<string | undefined>;
  remote(repository: HostedRepository): Remote;
  /** After an installation changed: look again when next asked. */
  forget(): void;
}

export interface HostedOptions {
  readonly github: GitHub;
  readonly mirrors: Mirrors;
  /** `owner/name` */
  readonly platform: string;
  /** Short name; the repository's default branch where undefined. */
  readonly branch: string | undefined;
}

/** Lists what the App sees once, and again after `forget`. */
export function hostedRepositories({ github, mirrors, platform, branch }: HostedOptions): HostedRepositories {
  let listed: Promise<readonly HostedRepository[]> | undefined;
  let tracked: Promise<string> | undefined;
  const all = (): Promise<readonly HostedRepository[]> => {
    const asked = listed ?? collect(github.repositories());
    listed = asked;
    asked.catch(() => {
      listed = undefined;
    });
    return asked;
  };
  const remote = (repository: HostedRepository): Remote => ({
    key: `${repository.installation}-${repository.repository}`,
    url: repository.cloneUrl,
    token: (refused) => github.fetchToken(repository, typeof refused === 'string' ? refused : undefined),
  });
  const platformRepository = async (): Promise<HostedRepository> => {
    const found = (await all()).find(({ fullName }) => fullName.toLowerCase() === platform.toLowerCase());
    if (found !== undefined) return found;
    listed = undefined;
    throw new SluiceError('fleet.noPlatform', `the App cannot see the platform repository ${platform}`, {
      remedy: 'install the App on it, or correct SLUICE_PLATFORM',
    });
  };
  return {
    platform: platformRepository,
    trackedBranch: () => {
      tracked ??=
        branch === undefined
          ? platformRepository().then((one) => mirrors.defaultBranch(remote(one)))
          : Promise.resolve(`refs/heads/${branch}`);
      tracked.catch(() => {
        tracked = undefined;
      });
      return tracked;
    },
    find: async (matches) => (await all()).find(matches),
    at: async (url) => {
      const repositories = await all();
      const found = repositories.find((one) => sameRepository(one.cloneUrl, url));
      const [anyone] = repositories;
      if (found !== undefined || anyone === undefined || !isReadable(url)) return found;
      const { host, path } = parseRepositoryUrl(url);
      if (host !== parseRepositoryUrl(anyone.cloneUrl).host || !/^[\w.-]+\/[\w.-]+$/.test(path)) return undefined;
      const moved = await github.movedTo(anyone, path);
      return repositories.find(({ repository }) => repository === moved);
    },
    formerUrl: async (repository, urls) => {
      const host = parseRepositoryUrl(repository.cloneUrl).host;
      const others = (await all()).filter((one) => one.repository !== repository.repository);
      const known = new Set(others.map(({ cloneUrl }) => parseRepositoryUrl(cloneUrl).key));
      let asked = 0;
      for (const url of urls.filter(isReadable)) {
        const { host: other, key, path } = parseRepositoryUrl(url);
        if (other !== host || known.has(key) || !/^[\w.-]+\/[\w.-]+$/.test(path)) continue;
        asked += 1;
        if (asked > mostNames) return undefined;
        if ((await github.movedTo(repository, path)) === repository.repository) return url;
      }
      return undefined;
    },
    remote,
    forget: () => {
      listed = undefined;
      tracked = undefined;
    },
  };
}

function isReadable(url: string): boolean {
  return sameRepository(url, url);
}

async function collect(repositories: AsyncIterable<HostedRepository>): Promise<readonly HostedRepository[]> {
  const out: HostedRepository[] = [];
  for await (const one of repositories) out.push(one);
  return out;
}
