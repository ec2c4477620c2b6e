// The GitHub port on GitHub's REST API.
//
// Repositories are named by number: `/repositories/{id}/…` answers as `/repos/{owner}/{repo}/…` does and outlives
// renames and transfers. GitHub's own pages of results and redirects use that form, and so does octokit.rb.
import type { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import type { GitHub, HostedRepository, IssueComment, RepositoryId } from '../../ports/github.ts';
import * as answers from './answers.ts';
import { outputsOf, type WireOutput } from './check-output.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Delivery, failedDeliveries } from './deliveries.ts';
import { deploymentCalls } from './deployments.ts';
import { orGone } from './gone.ts';
import { Identity } from './identity.ts';
import { mapPages, pagesOf, upTo } from './pages.ts';
import type { Fetch } from './transport.ts';
import { type Answer, type Ask, Wire } from './wire.ts';

export interface GitHubOptions {
  readonly appId: number;
  /** PEM, RSA. */
  readonly privateKey: string;
  /** `https://api.github.com`; `https://HOST/api/v3` on Enterprise Server; no slash at the end. */
  readonly apiUrl: string;
  /** Told of every token, so that logs can hide it. */
  readonly onToken?: (token: string) => void;
  readonly userAgent?: string;
  readonly clock?: Clock;
  readonly fetch?: Fetch;
}

const checkName = 'sluice';
const repo = '/repositories/{repository_id}';
/** GitHub's limit for a comment's body, in characters. */
const commentLimit = 65_536;
/** 3,000 comments. */
const commentPages = 30;
const checkPages = 10;

export function createGitHub(options: GitHubOptions): GitHub {
  const { apiUrl, appId, privateKey, clock = systemClock, userAgent = 'sluice', onToken = () => {} } = options;
  const wire = new Wire({ apiUrl, clock, userAgent, ...(options.fetch === undefined ? {} : { fetch: options.fetch }) });
  const identity = new Identity({ appId, privateKey, wire, onToken });

  const ask = async <S extends z.ZodType>(
    at: RepositoryId,
    { parameters, ...rest }: Ask<S>,
  ): Promise<Answer<z.output<S>>> =>
    identity.asInstallation(at.installation, {
      ...rest,
      parameters: { repository_id: at.repository, ...parameters },
    });

  const allChecks = async (at: RepositoryId, head: string) => {
    const query = { check_name: checkName, app_id: String(appId), filter: 'all', per_page: '100' };
    const what = `reading the checks of ${head} in ${name(at)}`;
    const found: z.infer<typeof answers.checkRunAnswer>[] = [];
    const pages = pagesOf<typeof answers.checkRunsAnswer>(query, (page) =>
      ask(at, {
        what,
        route: `GET ${repo}/commits/{ref}/check-runs`,
        parameters: { ref: head, ...page },
        answer: answers.checkRunsAnswer,
      }),
    );
    for await (const { check_runs } of upTo(checkPages, pages, what)) found.push(...check_runs);
    return found.filter((run) => run.app?.id === appId && run.name === checkName);
  };

  const patchCheck = (at: RepositoryId, id: number, output: WireOutput, more: Readonly<Record<string, unknown>> = {}) =>
    ask(at, {
      what: `updating check run ${id} of ${name(at)}`,
      route: `PATCH ${repo}/check-runs/{check_run_id}`,
      parameters: { check_run_id: id, output, ...more },
      answer: answers.anything,
    });

  const oneInstallation = (installation: number): AsyncIterable<HostedRepository> =>
    mapPages(
      pagesOf<typeof answers.installationRepositoriesAnswer>({ per_page: '100' }, (page) =>
        identity.asInstallation(installation, {
          what: `listing the repositories of installation ${installation}`,
          route: 'GET /installation/repositories',
          parameters: page,
          answer: answers.installationRepositoriesAnswer,
        }),
      ),
      ({ repositories }) => repositories.map((one) => answers.hostedRepository(installation, one)),
    );

  return {
    calls: wire.calls,

    pullRequest: (at, number) =>
      orGone(async () => {
        const { data } = await ask(at, {
          what: `reading pull request ${number} of ${name(at)}`,
          route: `GET ${repo}/pulls/{pull_number}`,
          parameters: { pull_number: number },
          answer: answers.pullRequestAnswer,
        });
        return answers.pullRequest(at, data);
      }),

    repository: (at) =>
      orGone(async () => {
        const route = `GET ${repo}`;
        const { data } = await ask(at, { what: `reading ${name(at)}`, route, answer: answers.repositoryAnswer });
        return answers.hostedRepository(at.installation, data);
      }),

    async movedTo(at, fullName) {
      const [owner = '', repoName = ''] = fullName.split('/');
      const what = 'asking where a former name leads';
      const parameters = { owner, repo: repoName };
      const { installation } = at;
      const found = await orGone(() =>
        identity.asInstallation(installation, {
          what,
          route: 'GET /repos/{owner}/{repo}',
          parameters,
          moved: true,
          answer: answers.movedAnswer,
        }),
      );
      return found?.data.id;
    },

    openPullRequests: (at) =>
      mapPages(
        // Oldest first: one that is opened meanwhile does not push another over to a page that was read.
        pagesOf<z.ZodArray<typeof answers.pullRequestAnswer>>(
          { state: 'open', sort: 'created', direction: 'asc', per_page: '100' },
          (page) =>
            ask(at, {
              what: `listing the open pull requests of ${name(at)}`,
              route: `GET ${repo}/pulls`,
              parameters: page,
              answer: answers.pullRequestAnswer.array(),
            }),
        ),
        (list) => list.map((one) => answers.pullRequest(at, one)),
      ),

    async *repositories() {
      const pages = pagesOf<typeof answers.installationsAnswer>({ per_page: '100' }, (page) =>
        identity.asApp({
          what: "listing the App's installations",
          route: 'GET /app/installations',
          parameters: page,
          answer: answers.installationsAnswer,
        }),
      );
      let later: SluiceError | undefined;
      for await (const { id, app_id, suspended_at } of mapPages(pages, (list) => list)) {
        if (app_id !== appId || typeof suspended_at === 'string') continue;
        try {
          yield* oneInstallation(id);
        } catch (error) {
          // One installation's trouble is not the others'.
          if (!(error instanceof SluiceError)) throw error;
          if (error.kind !== 'terminal') later ??= error;
        }
      }
      if (later !== undefined) throw later;
    },

    async checkRuns(at, head) {
      const runs = await allChecks(at, head);
      return runs.sort((one, other) => other.id - one.id).map(answers.checkRun);
    },

    async branchMoves(at) {
      const found = await orGone(() =>
        ask(at, {
          what: `listing the pushes to ${name(at)}`,
          route: `GET ${repo}/activity`,
          parameters: { time_period: 'day', per_page: '100' },
          answer: answers.activityAnswer.array(),
        }),
      );
      const moves = (found?.data ?? []).filter(({ before }) => !/^0+$/.test(before));
      const now = wire.github.now();
      return moves.map(({ id, before, timestamp }) => ({ id, left: before, ageMs: now - Date.parse(timestamp) }));
    },

    async startCheck(at, head, output, externalId) {
      const [first, ...rest] = outputsOf(output);
      const { data } = await ask(at, {
        what: `starting a check of ${head} in ${name(at)}`,
        route: `POST ${repo}/check-runs`,
        parameters: {
          name: checkName,
          head_sha: head,
          status: 'in_progress',
          started_at: new Date(wire.github.now()).toISOString(),
          output: first,
          ...(externalId === undefined ? {} : { external_id: externalId }),
        },
        answer: answers.checkRunAnswer,
      });
      for (const more of rest) await patchCheck(at, data.id, more);
      return answers.checkRun(data);
    },

    async updateCheck(at, id, output, conclusion) {
      const [first, ...rest] = outputsOf(output);
      if (first === undefined) return;
      const completed = { status: 'completed', conclusion, completed_at: new Date(wire.github.now()).toISOString() };
      await patchCheck(at, id, first, conclusion === undefined ? { status: 'in_progress' } : completed);
      for (const more of rest) await patchCheck(at, id, more);
    },

    async comments(at, number, marker) {
      const what = `reading the comments of pull request ${number} of ${name(at)}`;
      const pages = pagesOf<z.ZodArray<typeof answers.commentAnswer>>({ per_page: '100' }, (page) =>
        ask(at, {
          what,
          route: `GET ${repo}/issues/{issue_number}/comments`,
          parameters: { issue_number: number, ...page },
          answer: answers.commentAnswer.array(),
        }),
      );
      const ours: IssueComment[] = [];
      for await (const list of upTo(commentPages, pages, what)) {
        // By the App, and by no person who uses it: then the author is a person.
        const own = list.filter((one) => one.performed_via_github_app?.id === appId && one.user?.type === 'Bot');
        ours.push(...own.map(({ id, body }) => ({ id, body: body ?? '' })));
      }
      return ours.filter(({ body }) => body.startsWith(marker)).sort((one, other) => one.id - other.id);
    },

    async createComment(at, number, body) {
      const what = `commenting on pull request ${number} of ${name(at)}`;
      fits(body, what);
      const { data } = await ask(at, {
        what,
        route: `POST ${repo}/issues/{issue_number}/comments`,
        weight: 'content',
        parameters: { issue_number: number, body },
        answer: answers.commentAnswer,
      });
      return { id: data.id, body };
    },

    async updateComment(at, id, body) {
      const what = `changing comment ${id} of ${name(at)}`;
      fits(body, what);
      const route = `PATCH ${repo}/issues/comments/{comment_id}`;
      await ask(at, { what, route, parameters: { comment_id: id, body }, answer: answers.anything });
    },

    async deleteComment(at, id) {
      const what = `deleting comment ${id} of ${name(at)}`;
      const route = `DELETE ${repo}/issues/comments/{comment_id}`;
      await orGone(() => ask(at, { what, route, parameters: { comment_id: id }, answer: answers.anything }));
    },

    ...deploymentCalls(appId, ask),

    fetchToken: (at, refused) => identity.fetchToken(at, refused),

    async redeliverFailed(since) {
      const pages = pagesOf<typeof answers.deliveriesAnswer>({ per_page: '100' }, (page) =>
        identity.asApp({
          what: 'listing webhook deliveries',
          route: 'GET /app/hook/deliveries',
          parameters: page,
          answer: answers.deliveriesAnswer,
        }),
      );
      const seen: Delivery[] = [];
      // Newest first.
      for await (const list of pages) {
        const young = list.filter(({ delivered_at }) => Date.parse(delivered_at) >= since.getTime());
        seen.push(...young);
        if (young.length < list.length) break;
      }
      const failed = failedDeliveries(seen);
      for (const id of failed) {
        const route = 'POST /app/hook/deliveries/{delivery_id}/attempts';
        const what = `asking for delivery ${id} again`;
        await orGone(() => identity.asApp({ what, route, parameters: { delivery_id: id }, answer: answers.anything }));
      }
      return failed.length;
    },
  };
}

function name({ repository }: RepositoryId): string {
  return `repository ${repository}`;
}

function fits(body: string, what: string): void {
  if (body.length <= commentLimit) return;
  const message = `${what}: it has ${body.length} characters, and GitHub takes at most ${commentLimit}`;
  throw new SluiceError('github.rejected', message);
}
