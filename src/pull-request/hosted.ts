// Which repositories the App can see, and which of them is the platform's.
import { SluiceError } from '../errors.ts';
import type { GitHub, HostedRepository } from '../ports/github.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';

export interface HostedRepositories {
  /** @throws SluiceError `fleet.noPlatform` where the App is not installed on it */
  platform(): Promise<HostedRepository>;
  /** Full name of the branch that the fleet follows: `refs/heads/main`. */
  trackedBranch(): Promise<string>;
  find(matches: (repository: HostedRepository) => boolean): Promise<HostedRepository | undefined>;
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
    token: (refused) => github.fetchToken(repository, refused),
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
    remote,
    forget: () => {
      listed = undefined;
      tracked = undefined;
    },
  };
}

async function collect(repositories: AsyncIterable<HostedRepository>): Promise<readonly HostedRepository[]> {
  const out: HostedRepository[] = [];
  for await (const one of repositories) out.push(one);
  return out;
}
