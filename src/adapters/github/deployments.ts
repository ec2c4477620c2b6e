// Deployments, and the pull requests that they are of.
import type { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import type { Deployment, GitHub, RepositoryId } from '../../ports/github.ts';
import * as answers from './answers.ts';
import { orGone } from './gone.ts';
import { mapPages, pagesOf, upTo } from './pages.ts';
import type { Answer, Ask } from './wire.ts';

/** Calls as the installation, on a repository by number. */
export type AskRepository = <S extends z.ZodType>(at: RepositoryId, ask: Ask<S>) => Promise<Answer<z.output<S>>>;

type DeploymentCalls = Pick<
  GitHub,
  | 'mergedPulls'
  | 'pullsOf'
  | 'deployments'
  | 'createDeployment'
  | 'deleteDeployment'
  | 'deploymentStatuses'
  | 'addDeploymentStatus'
>;

const repo = '/repositories/{repository_id}';
/** 1,000 deployments of one commit. */
const deploymentPages = 10;

/** GitHub says of a commit that it does not know that it cannot be processed. */
async function orUnknown<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await orGone(act);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'github.rejected') return undefined;
    throw error;
  }
}

export function deploymentCalls(appId: number, ask: AskRepository): DeploymentCalls {
  const isOurs = (one: z.infer<typeof answers.byApp>): boolean =>
    one.performed_via_github_app?.id === appId && one.creator?.type === 'Bot';

  const say: DeploymentCalls['addDeploymentStatus'] = async (at, id, { state, description, logUrl }) => {
    await ask(at, {
      what: `adding a status to deployment ${id} of repository ${at.repository}`,
      route: `POST ${repo}/deployments/{deployment_id}/statuses`,
      parameters: { deployment_id: id, state, description, log_url: logUrl },
      answer: answers.anything,
    });
  };

  return {
    async mergedPulls(at, branch, since) {
      const { data } = await ask(at, {
        what: `listing what was merged in repository ${at.repository}`,
        route: `GET ${repo}/pulls`,
        parameters: { state: 'closed', base: branch, sort: 'updated', direction: 'desc', per_page: '100' },
        answer: answers.mergedPullAnswer.array(),
      });
      const young = data.filter(({ updated_at }) => Date.parse(updated_at) >= since.getTime());
      return answers.mergedPulls(young);
    },

    async pullsOf(at, commit) {
      const found = await orUnknown(() =>
        ask(at, {
          what: `asking which pull request brought ${commit} to repository ${at.repository}`,
          route: `GET ${repo}/commits/{commit_sha}/pulls`,
          parameters: { commit_sha: commit, per_page: '100' },
          answer: answers.mergedPullAnswer.array(),
        }),
      );
      return answers.mergedPulls(found?.data ?? []);
    },

    async deployments(at, commit, environment) {
      const what = `reading the deployments of ${commit} in repository ${at.repository}`;
      const query = { sha: commit, per_page: '100', ...(environment === undefined ? {} : { environment }) };
      const pages = pagesOf<z.ZodArray<typeof answers.deploymentAnswer>>(query, (page) =>
        ask(at, {
          what,
          route: `GET ${repo}/deployments`,
          parameters: page,
          answer: answers.deploymentAnswer.array(),
        }),
      );
      const found: Deployment[] = [];
      const ours = mapPages(upTo(deploymentPages, pages, what), (list) => list.filter(isOurs));
      for await (const one of ours) found.push(answers.deployment(one));
      return found.sort((one, other) => one.id - other.id);
    },

    async createDeployment(at, { commit, environment, payload }) {
      const { data } = await ask(at, {
        what: `creating a deployment of ${commit} in repository ${at.repository}`,
        route: `POST ${repo}/deployments`,
        parameters: {
          ref: commit,
          environment,
          payload,
          auto_merge: false,
          required_contexts: [],
          transient_environment: false,
        },
        answer: answers.deploymentAnswer,
      });
      return answers.deployment(data);
    },

    async deleteDeployment(at, id) {
      const what = `deleting deployment ${id} of repository ${at.repository}`;
      const route = `DELETE ${repo}/deployments/{deployment_id}`;
      await orGone(async () => {
        // One that is active is not let go.
        await say(at, id, { state: 'inactive', description: '', logUrl: '' });
        await ask(at, { what, route, parameters: { deployment_id: id }, answer: answers.anything });
      });
    },

    async deploymentStatuses(at, id) {
      const { data } = await ask(at, {
        what: `reading deployment ${id} of repository ${at.repository}`,
        route: `GET ${repo}/deployments/{deployment_id}/statuses`,
        parameters: { deployment_id: id, per_page: '100' },
        answer: answers.deploymentStatusAnswer.array(),
      });
      return data.filter(isOurs).flatMap(answers.deploymentStatus);
    },

    addDeploymentStatus: say,
  };
}
