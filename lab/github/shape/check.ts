import type { Annotation, CheckRun, CheckSuite, CommitStatus } from '../check.ts';
import type { Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { type Json, nodeId, userShape } from './account.ts';
import { appShape } from './app.ts';
import { pullReferences } from './pull.ts';
import { apiUrl, htmlUrl } from './repository.ts';

/** `check-run` */
export function checkRunShape(world: World, repository: Repository, run: CheckRun): Json {
  const url = `${apiUrl(world, repository)}/check-runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.head,
    external_id: run.externalId,
    url,
    html_url: `${htmlUrl(world, repository)}/runs/${run.id}`,
    details_url: run.detailsUrl ?? `${htmlUrl(world, repository)}/runs/${run.id}`,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite.id },
    app: appShape(world, run.app),
    pull_requests: pullReferences(world, repository, run.head),
  };
}

/** `check-run` as webhooks have it: with its whole suite. */
export function announcedRunShape(world: World, repository: Repository, run: CheckRun): Json {
  const { suite } = run;
  const { latest_check_runs_count: _count, check_runs_url: _url, ...rest } = suiteShape(world, repository, suite);
  return { ...checkRunShape(world, repository, run), check_suite: rest };
}

/** What suites look like everywhere; the API adds repository and head commit. */
export function suiteShape(world: World, repository: Repository, suite: CheckSuite): Json {
  const url = `${apiUrl(world, repository)}/check-suites/${suite.id}`;
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.branch,
    head_sha: suite.head,
    status: suite.status,
    conclusion: suite.conclusion,
    url,
    before: suite.before,
    after: suite.head,
    pull_requests: pullReferences(world, repository, suite.head),
    app: appShape(world, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
    latest_check_runs_count: [...repository.checkRuns.values()].filter((run) => run.suite.id === suite.id).length,
    check_runs_url: `${url}/check-runs`,
  };
}

/** `check-annotation` */
export function annotationShape(world: World, repository: Repository, run: CheckRun, annotation: Annotation): Json {
  return { ...annotation, blob_href: `${apiUrl(world, repository)}/contents/${annotation.path}?ref=${run.head}` };
}

/** `status` */
export function statusShape(world: World, repository: Repository, status: CommitStatus): Json {
  return {
    url: `${apiUrl(world, repository)}/statuses/${status.sha}`,
    avatar_url: `${world.addresses.html}/avatars/${status.creator.id}`,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: userShape(world, status.creator),
  };
}
