// https://docs.github.com/rest/checks
import { type Annotation, type CheckAction, type CheckRun, type CheckSuite, conclusions } from '../check.ts';
import { announceRun, type CheckFields, createCheck, updateCheck } from '../checks.ts';
import { findCommit } from '../git/bare.ts';
import { annotationShape, checkRunShape, suiteShape } from '../shape/check.ts';
import { repositoryShape } from '../shape/repository.ts';
import { announceSuite, headCommit } from '../suite.ts';
import { invalid, Refusal } from './refusal.ts';
import {
  created,
  found,
  idOf,
  ok,
  oneOf,
  optionalText,
  paged,
  pagedIn,
  type RepositoryCall,
  type RepositoryRoute,
  textOf,
} from './route.ts';

const at = '/repos/{owner}/{repo}/check-runs';
const suites = '/repos/{owner}/{repo}/check-suites';
const longestText = 65_535;
const mostAnnotations = 50;

function runOf(call: RepositoryCall): CheckRun {
  return found(call.repository.checkRuns.get(idOf(call, 'check_run_id')));
}

function suiteOf(call: RepositoryCall): CheckSuite {
  return found(call.repository.checkSuites.get(idOf(call, 'check_suite_id')));
}

/** Only the App that made a run may change it. */
function ownRun(call: RepositoryCall): CheckRun {
  const run = runOf(call);
  if (call.actor.kind !== 'installation' || call.actor.installation.app.id !== run.app.id) {
    throw new Refusal(
      403,
      'Invalid app_id `' + String(run.app.id) + '` - check run can only be modified by the GitHub App that created it.',
    );
  }
  return run;
}

function fieldsOf(call: RepositoryCall): CheckFields {
  const { body } = call;
  const output = body['output'] as Record<string, unknown> | undefined;
  const status = body['status'];
  const conclusion = body['conclusion'];
  const actions = body['actions'] as CheckAction[] | undefined;
  const text = (name: string, as: string): Record<string, string> => {
    const value = optionalText(call, name);
    return value === undefined ? {} : { [as]: value };
  };
  if (actions !== undefined) checkActions(actions);
  if (status === 'completed' && conclusion === undefined) {
    throw new Refusal(422, 'Invalid request.\n\nNo subschema in "anyOf" matched.\n"conclusion" wasn\'t supplied.');
  }
  return {
    ...text('name', 'name'),
    ...text('external_id', 'externalId'),
    ...text('details_url', 'detailsUrl'),
    ...text('started_at', 'startedAt'),
    ...text('completed_at', 'completedAt'),
    ...(status !== undefined && {
      status: oneOf(status, ['queued', 'in_progress', 'completed'] as const, 'CheckRun', 'status'),
    }),
    ...(conclusion !== undefined && { conclusion: oneOf(conclusion, conclusions, 'CheckRun', 'conclusion') }),
    ...(output !== undefined && outputOf(output)),
    ...(actions !== undefined && { actions }),
  };
}

function outputOf(output: Record<string, unknown>): CheckFields {
  const { title, summary, text } = output;
  const annotations = (output['annotations'] ?? []) as Record<string, unknown>[];
  if (typeof summary !== 'string') {
    throw new Refusal(422, "Invalid request.\n\nFor 'properties/output', \"summary\" wasn't supplied.");
  }
  for (const [name, value] of [
    ['summary', summary],
    ['text', text],
  ] as const) {
    if (typeof value === 'string' && value.length > longestText) {
      throw new Refusal(
        422,
        `Invalid request.\n\nOnly ${longestText} characters are allowed; ${value.length} were supplied.`,
        {
          errors: [`${name} exceeds a maximum length of ${longestText}`],
        },
      );
    }
  }
  if (typeof title === 'string' && title.length > 255) throw invalid('CheckRun', 'title', 'title is too long');
  if (annotations.length > mostAnnotations) {
    throw new Refusal(
      422,
      `Invalid request.\n\nNo more than ${mostAnnotations} items are allowed; ${annotations.length} were supplied.`,
    );
  }
  return {
    ...(typeof title === 'string' && { title }),
    summary,
    ...(typeof text === 'string' && { text }),
    annotations: annotations.map(annotationOf),
  };
}

function annotationOf(given: Record<string, unknown>): Annotation {
  const { path, start_line, end_line, annotation_level, message, title, raw_details } = given;
  const line = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
  if (typeof path !== 'string' || path === '' || path.startsWith('/') || path.split('/').includes('..')) {
    throw invalid('CheckRunAnnotation', 'path', 'path is invalid');
  }
  if (!line(start_line) || !line(end_line) || end_line < start_line || end_line > 2 ** 31 - 1) {
    throw invalid('CheckRunAnnotation', 'start_line', 'start_line and end_line are invalid');
  }
  if (typeof message !== 'string' || message === '' || Buffer.byteLength(message) > 65_536) {
    throw invalid('CheckRunAnnotation', 'message', 'message is missing or longer than 64 KB');
  }
  if (typeof title === 'string' && title.length > 255)
    throw invalid('CheckRunAnnotation', 'title', 'title is too long');
  return {
    path,
    start_line,
    end_line,
    start_column: typeof given['start_column'] === 'number' ? given['start_column'] : null,
    end_column: typeof given['end_column'] === 'number' ? given['end_column'] : null,
    annotation_level: oneOf(
      annotation_level,
      ['notice', 'warning', 'failure'] as const,
      'CheckRunAnnotation',
      'annotation_level',
    ),
    message,
    title: typeof title === 'string' ? title : null,
    raw_details: typeof raw_details === 'string' ? raw_details : null,
  };
}

function checkActions(actions: readonly CheckAction[]): void {
  const long = actions.some(
    ({ label, description, identifier }) => label.length > 20 || description.length > 40 || identifier.length > 20,
  );
  if (actions.length > 3 || long) throw invalid('CheckRun', 'actions', 'actions are too many or too long');
}

/** Newest first; `filter=latest` keeps the newest of each name and App. */
function listRuns(call: RepositoryCall, fits: (run: CheckRun) => boolean): CheckRun[] {
  const name = call.query.get('check_name');
  const app = call.query.get('app_id');
  const status = call.query.get('status');
  const runs = [...call.repository.checkRuns.values()]
    .filter(fits)
    .filter((run) => name === null || run.name === name)
    .filter((run) => app === null || String(run.app.id) === app)
    .filter((run) => status === null || run.status === status)
    .toReversed();
  if (call.query.get('filter') === 'all') return runs;
  const seen = new Set<string>();
  return runs.filter((run) => {
    const key = `${run.app.id}/${run.name}`;
    return !seen.has(key) && seen.add(key);
  });
}

async function shaOf(call: RepositoryCall): Promise<string> {
  const ref = call.params['ref'] ?? '';
  const commit = await findCommit(call.repository.path, ref);
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`);
  return commit.sha;
}

async function fullSuite(call: RepositoryCall, suite: CheckSuite): Promise<unknown> {
  const { world, repository } = call;
  const head_commit = await headCommit(repository, suite.head);
  return { ...suiteShape(world, repository, suite), head_commit, repository: repositoryShape(world, repository) };
}

export const checkRoutes: readonly RepositoryRoute[] = [
  {
    route: `POST ${at}`,
    needs: 'checks:write',
    apps: true,
    handle: async (call) => {
      const { world, repository, actor } = call;
      if (actor.kind !== 'installation') throw new Refusal(403, 'You must authenticate via a GitHub App.');
      const name = textOf(call, 'name', 'CheckRun');
      const head = textOf(call, 'head_sha', 'CheckRun');
      const fields = fieldsOf(call);
      const commit = /^[0-9a-f]{40}$/.test(head) ? await findCommit(repository.path, head) : undefined;
      if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${head}`);
      const run = await createCheck(world, repository, actor.installation.app, { ...fields, name, head });
      return created(checkRunShape(world, repository, run));
    },
  },
  {
    route: `PATCH ${at}/{check_run_id}`,
    needs: 'checks:write',
    apps: true,
    handle: async (call) => {
      const run = ownRun(call);
      await updateCheck(call.world, call.repository, run, fieldsOf(call));
      return ok(checkRunShape(call.world, call.repository, run));
    },
  },
  {
    route: `GET ${at}/{check_run_id}`,
    needs: 'checks:read',
    handle: (call) => ok(checkRunShape(call.world, call.repository, runOf(call))),
  },
  {
    route: `GET ${at}/{check_run_id}/annotations`,
    needs: 'checks:read',
    handle: (call) => {
      const run = runOf(call);
      return paged(call, run.annotations, (one) => annotationShape(call.world, call.repository, run, one));
    },
  },
  {
    route: `POST ${at}/{check_run_id}/rerequest`,
    needs: 'checks:write',
    handle: (call) => {
      const run = runOf(call);
      announceRun(call.world, call.repository, run, 'rerequested', call.world.writer(call.actor).user);
      return created({});
    },
  },
  {
    route: 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    needs: 'checks:read',
    handle: async (call) => {
      const sha = await shaOf(call);
      const runs = listRuns(call, (run) => run.head === sha);
      return pagedIn(call, 'check_runs', runs, (run) => checkRunShape(call.world, call.repository, run));
    },
  },
  {
    route: 'GET /repos/{owner}/{repo}/commits/{ref}/check-suites',
    needs: 'checks:read',
    handle: async (call) => {
      const sha = await shaOf(call);
      const app = call.query.get('app_id');
      const chosen = [...call.repository.checkSuites.values()].filter(
        (suite) => suite.head === sha && (app === null || String(suite.app.id) === app),
      );
      const shapes = await Promise.all(chosen.map((suite) => fullSuite(call, suite)));
      return pagedIn(call, 'check_suites', shapes, (shape) => shape);
    },
  },
  {
    route: `GET ${suites}/{check_suite_id}`,
    needs: 'checks:read',
    handle: async (call) => ok(await fullSuite(call, suiteOf(call))),
  },
  {
    route: `GET ${suites}/{check_suite_id}/check-runs`,
    needs: 'checks:read',
    handle: (call) => {
      const suite = suiteOf(call);
      const runs = listRuns(call, (run) => run.suite.id === suite.id);
      return pagedIn(call, 'check_runs', runs, (run) => checkRunShape(call.world, call.repository, run));
    },
  },
  {
    route: `POST ${suites}/{check_suite_id}/rerequest`,
    needs: 'checks:write',
    handle: async (call) => {
      const sender = call.world.writer(call.actor).user;
      await announceSuite(call.world, call.repository, suiteOf(call), 'rerequested', sender);
      return created({});
    },
  },
];
