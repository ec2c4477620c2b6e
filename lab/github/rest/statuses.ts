// https://docs.github.com/rest/commits/statuses and https://docs.github.com/rest/deployments
import type { CommitStatus } from '../check.ts';
import { type Deployment, type DeploymentStatus, deploymentStates } from '../deployment.ts';
import { statusShape } from '../shape/check.ts';
import { deploymentShape, deploymentStatusShape } from '../shape/deployment.ts';
import { apiUrl, repositoryShape } from '../shape/repository.ts';
import { commitOf } from './code.ts';
import { invalid, Refusal } from './refusal.ts';
import {
  type Answer,
  created,
  found,
  idOf,
  noContent,
  ok,
  oneOf,
  optionalText,
  paged,
  type RepositoryCall,
  type RepositoryRoute,
  textOf,
} from './route.ts';
import { findCommit } from '../git/bare.ts';

const at = '/repos/{owner}/{repo}';
const longestDescription = 140;
const longestEnvironment = 255;

async function createStatus(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call;
  const commit = await commitOf(call, 'sha');
  const description = optionalText(call, 'description') ?? null;
  if (description !== null && description.length > longestDescription) {
    throw invalid('Status', 'description', `description is too long (maximum is ${longestDescription} characters)`);
  }
  const status: CommitStatus = {
    id: world.nextId(),
    sha: commit.sha,
    state: oneOf(call.body['state'], ['error', 'failure', 'pending', 'success'] as const, 'Status', 'state'),
    context: optionalText(call, 'context') ?? 'default',
    description,
    targetUrl: optionalText(call, 'target_url') ?? null,
    creator: world.writer(call.actor).user,
    createdAt: world.clock.stamp(),
  };
  repository.statuses.push(status);
  world.changed();
  return created(statusShape(world, repository, status));
}

async function combined(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call;
  const { sha } = await commitOf(call, 'ref');
  const newest = new Map(repository.statuses.filter((one) => one.sha === sha).map((one) => [one.context, one]));
  const states = [...newest.values()].map(({ state }) => state);
  const bad = states.some((state) => state === 'failure' || state === 'error');
  const pending = states.length === 0 || states.includes('pending');
  const url = `${apiUrl(world, repository)}/commits/${sha}`;
  return ok({
    state: bad ? 'failure' : pendingOr(pending),
    statuses: [...newest.values()].map((one) => statusShape(world, repository, one)),
    sha,
    total_count: newest.size,
    repository: repositoryShape(world, repository),
    commit_url: url,
    url: `${url}/status`,
  });
}

function pendingOr(pending: boolean): string {
  return pending ? 'pending' : 'success';
}

function deploymentOf(call: RepositoryCall): Deployment {
  return found(call.repository.deployments.get(idOf(call, 'deployment_id')));
}

async function createDeployment(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call;
  const ref = textOf(call, 'ref', 'Deployment');
  const commit = await findCommit(repository.path, ref);
  if (commit === undefined) throw new Refusal(422, `No ref found for: ${ref}`);
  const contexts = call.body['required_contexts'];
  if (!Array.isArray(contexts)) requireAll(call, commit.sha);
  const { user, app } = world.writer(call.actor);
  const now = world.clock.stamp();
  const environment = optionalText(call, 'environment') ?? 'production';
  if (environment === '' || environment.length > longestEnvironment)
    throw invalid('Deployment', 'environment', `environment is too long (maximum is ${longestEnvironment} characters)`);
  const payload = call.body['payload'];
  const deployment: Deployment = {
    id: world.nextId(),
    sha: commit.sha,
    ref,
    task: optionalText(call, 'task') ?? 'deploy',
    environment,
    description: optionalText(call, 'description') ?? null,
    payload: typeof payload === 'string' ? payload : ((payload ?? {}) as Record<string, unknown>),
    creator: user,
    app,
    transient: call.body['transient_environment'] === true,
    production: call.body['production_environment'] === true || environment === 'production',
    createdAt: now,
    updatedAt: now,
    statuses: [],
  };
  repository.deployments.set(deployment.id, deployment);
  world.changed();
  return created(deploymentShape(world, repository, deployment));
}

/** Without `required_contexts`, every check and status of the commit must have passed. */
function requireAll(call: RepositoryCall, sha: string): void {
  const unfinished = [...call.repository.checkRuns.values()].some(
    (run) => run.head === sha && !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''),
  );
  if (unfinished) throw new Refusal(409, `Conflict: Commit status checks failed for ${sha}.`);
}

function createDeploymentStatus(call: RepositoryCall): Answer {
  const { world, repository } = call;
  const deployment = deploymentOf(call);
  const description = optionalText(call, 'description') ?? '';
  if (description.length > longestDescription) {
    throw invalid(
      'DeploymentStatus',
      'description',
      `description is too long (maximum is ${longestDescription} characters)`,
    );
  }
  const { user, app } = world.writer(call.actor);
  const status: DeploymentStatus = {
    id: world.nextId(),
    state: oneOf(call.body['state'], deploymentStates, 'DeploymentStatus', 'state'),
    creator: user,
    app,
    description,
    environment: optionalText(call, 'environment') ?? deployment.environment,
    environmentUrl: optionalText(call, 'environment_url') ?? '',
    logUrl: optionalText(call, 'log_url') ?? optionalText(call, 'target_url') ?? '',
    createdAt: world.clock.stamp(),
  };
  deployment.statuses.push(status);
  deployment.updatedAt = status.createdAt;
  if (status.state === 'success' && call.body['auto_inactive'] !== false) retire(call, deployment, status);
  world.changed();
  return created(deploymentStatusShape(world, repository, deployment, status));
}

/** Earlier deployments to the same environment become inactive, unless it is for production or for a while only. */
function retire(call: RepositoryCall, deployment: Deployment, status: DeploymentStatus): void {
  for (const other of call.repository.deployments.values()) {
    const same = other.environment === deployment.environment && other.id < deployment.id;
    if (same && !other.transient && !other.production && other.statuses.at(-1)?.state === 'success') {
      other.statuses.push({ ...status, id: call.world.nextId(), state: 'inactive', description: '' });
    }
  }
}

/** One that is active is let go only where it is the only one. */
function deleteDeployment(call: RepositoryCall): Answer {
  const { deployments } = call.repository;
  const deployment = deploymentOf(call);
  if (deployments.size > 1 && deployment.statuses.at(-1)?.state === 'success')
    throw new Refusal(
      422,
      'We cannot delete an active deployment unless it is the only deployment in a given environment.',
    );
  deployments.delete(deployment.id);
  call.world.changed();
  return noContent;
}

export const statusRoutes: readonly RepositoryRoute[] = [
  { route: `POST ${at}/statuses/{sha}`, needs: 'statuses:write', handle: createStatus },
  { route: `GET ${at}/commits/{ref}/status`, needs: 'statuses:read', handle: combined },
  {
    route: `GET ${at}/commits/{ref}/statuses`,
    needs: 'statuses:read',
    handle: async (call) => {
      const { sha } = await commitOf(call, 'ref');
      const chosen = call.repository.statuses.filter((one) => one.sha === sha).toReversed();
      return paged(call, chosen, (one) => statusShape(call.world, call.repository, one));
    },
  },
  { route: `POST ${at}/deployments`, needs: 'deployments:write', creates: true, handle: createDeployment },
  {
    route: `GET ${at}/deployments`,
    needs: 'deployments:read',
    handle: (call) => {
      const fits = (one: Deployment): boolean =>
        (['sha', 'ref', 'task', 'environment'] as const).every(
          (name) => (call.query.get(name) ?? one[name]) === one[name],
        );
      const chosen = [...call.repository.deployments.values()].filter(fits).toReversed();
      return paged(call, chosen, (one) => deploymentShape(call.world, call.repository, one));
    },
  },
  {
    route: `GET ${at}/deployments/{deployment_id}`,
    needs: 'deployments:read',
    handle: (call) => ok(deploymentShape(call.world, call.repository, deploymentOf(call))),
  },
  { route: `DELETE ${at}/deployments/{deployment_id}`, needs: 'deployments:write', handle: deleteDeployment },
  {
    route: `POST ${at}/deployments/{deployment_id}/statuses`,
    needs: 'deployments:write',
    creates: true,
    handle: createDeploymentStatus,
  },
  {
    route: `GET ${at}/deployments/{deployment_id}/statuses`,
    needs: 'deployments:read',
    handle: (call) => {
      const deployment = deploymentOf(call);
      return paged(call, deployment.statuses.toReversed(), (one) =>
        deploymentStatusShape(call.world, call.repository, deployment, one),
      );
    },
  },
];
