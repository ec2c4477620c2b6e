import { describe, expect, test } from 'vitest';
import { type Decision, type EventContext, jobsOf } from '../../../src/job/event.ts';
import { readJob } from '../../../src/job/job.ts';
import type { Job } from '../../../src/ports/queue.ts';

const context: EventContext = { appId: 99, web: 'https://github.com', platform: 'Acme/Fleet' };
const one = 'a'.repeat(40);
const two = 'b'.repeat(40);
const zeros = '0'.repeat(40);
const scope = {
  installation: { id: 3 },
  repository: { id: 7, full_name: 'acme/shop', default_branch: 'main' },
};
const fleet = { ...scope, repository: { id: 1, full_name: 'acme/fleet', default_branch: 'main' } };
const pull = { number: 12, merged: false, head: { repo: null } };
const job = { version: 1, installation: 3, repository: 7, fullName: 'acme/shop', cause: 'd-1' } as const;
const review: Job = { kind: 'review', ...job, pull: 12 };
const sweep: Job = { kind: 'sweep', version: 1, installation: 3, repository: 7, cause: 'd-1' };
const everything: Job = { kind: 'sweep', version: 1, cause: 'd-1' };
const group = { head_sha: one, base_sha: two, base_ref: 'refs/heads/main', head_ref: 'x' };
const groupJob: Job = { kind: 'mergeGroup', ...job, head: one, base: two, baseRef: 'refs/heads/main' };
const run = { id: 5, name: 'sluice', head_sha: one, app: { id: 99 }, external_id: 'pull/12', pull_requests: [] };
const suite = { id: 5, app: { id: 99 }, pull_requests: [] };
const listed = (number: number, repo = 7): object => ({ number, base: { repo: { id: repo } } });

function decide(event: string, payload: unknown, more: Partial<EventContext> = {}): Decision {
  return jobsOf({ event, id: 'd-1', payload }, { ...context, ...more });
}

describe('jobs', () => {
  test.each<[string, string, object, readonly Job[]]>([
    ...['opened', 'reopened', 'synchronize', 'ready_for_review', 'converted_to_draft', 'closed'].map(
      (action): [string, string, object, readonly Job[]] => [
        `pull_request ${action}`,
        'pull_request',
        { ...scope, action, pull_request: pull },
        [review],
      ],
    ),
    [
      'a retargeted pull request',
      'pull_request',
      { ...scope, action: 'edited', changes: { base: { ref: { from: 'x' } } }, pull_request: pull },
      [review],
    ],
    [
      'a merged pull request: its base moved under the others',
      'pull_request',
      { ...scope, action: 'closed', pull_request: { ...pull, merged: true } },
      [review, sweep],
    ],
    ['a push to the default branch', 'push', { ...scope, ref: 'refs/heads/main', before: one, after: two }, [sweep]],
    ['a new default branch', 'push', { ...scope, ref: 'refs/heads/main', before: zeros, after: two }, [sweep]],
    ['a push to the platform: everything', 'push', { ...fleet, ref: 'refs/heads/main' }, [everything]],
    ['a merge group', 'merge_group', { ...scope, action: 'checks_requested', merge_group: group }, [groupJob]],
    ['check again', 'check_run', { ...scope, action: 'rerequested', check_run: run }, [review]],
    [
      'a button of the check',
      'check_run',
      { ...scope, action: 'requested_action', requested_action: { identifier: 'x' }, check_run: run },
      [review],
    ],
    [
      'check a merge group again',
      'check_run',
      { ...scope, action: 'rerequested', check_run: { ...run, external_id: `group/${two}/refs/heads/main` } },
      [groupJob],
    ],
    [
      'check again, by the pull requests that GitHub lists, each once and only of this repository',
      'check_run',
      {
        ...scope,
        action: 'rerequested',
        check_run: { ...run, external_id: '', pull_requests: [listed(12), listed(12), listed(4, 8)] },
      },
      [review],
    ],
    [
      'check again what nobody names',
      'check_run',
      { ...scope, action: 'rerequested', check_run: { ...run, external_id: null } },
      [sweep],
    ],
    [
      'check a whole suite again',
      'check_suite',
      { ...scope, action: 'rerequested', check_suite: { ...suite, pull_requests: [listed(12), listed(13)] } },
      [review, { ...review, pull: 13 }],
    ],
    ['check a fork’s suite again', 'check_suite', { ...scope, action: 'rerequested', check_suite: suite }, [sweep]],
    ...['created', 'unsuspend', 'new_permissions_accepted'].map((action): [string, string, object, readonly Job[]] => [
      `installation ${action}`,
      'installation',
      { action, installation: { id: 3, app_id: 99 } },
      [{ kind: 'sweep', version: 1, installation: 3, cause: 'd-1' }],
    ]),
    [
      'a repository was added',
      'installation_repositories',
      { action: 'added', installation: { id: 3, app_id: 99 } },
      [{ kind: 'sweep', version: 1, installation: 3, cause: 'd-1' }],
    ],
  ])('%s', (_, event, payload, jobs) => {
    const decision = decide(event, payload);
    expect(decision.jobs).toEqual(jobs);
    expect(decision.ignored).toBeUndefined();
    // What is queued is what a worker takes.
    for (const made of decision.jobs) expect(readJob(made)).toEqual({ type: 'job', job: made });
  });

  test('the tracked branch counts where it is not the default one', () => {
    const release = { ...fleet, ref: 'refs/heads/release' };
    expect(decide('push', release, { platformBranch: 'release' }).jobs).toEqual([everything]);
    expect(decide('push', { ...fleet, ref: 'refs/heads/main' }, { platformBranch: 'release' }).jobs).toEqual([]);
  });

  test('a push of any branch or tag is for the clusters to look at', () => {
    const pushed = { kind: 'pushed', version: 1, url: 'https://github.com/acme/shop', cause: 'd-1' };
    const topic = decide('push', { ...scope, ref: 'refs/heads/team/topic' });
    expect(topic).toEqual({ jobs: [], pushed: { ...pushed, ref: 'refs/heads/team/topic' }, repository: 'acme/shop' });
    expect(decide('push', { ...scope, ref: 'refs/heads/main' }).pushed).toEqual({ ...pushed, ref: 'refs/heads/main' });
    const tag = decide('push', { ...scope, ref: 'refs/tags/v1.2.0' });
    expect(tag).toEqual({ jobs: [], pushed: { ...pushed, ref: 'refs/tags/v1.2.0' }, repository: 'acme/shop' });
    const elsewhere = decide('push', { ...fleet, ref: 'refs/heads/main' }, { web: 'https://ghe.example.com' });
    expect(elsewhere.pushed?.url).toBe('https://ghe.example.com/acme/fleet');
    expect(readJob({ ...topic.pushed, cluster: 'prod/eu' }).type).toBe('job');
  });

  test('where a branch was said to stand goes along as a hint, and nothing that is no commit', () => {
    const after = '5'.repeat(40);
    const push = { ...scope, ref: 'refs/heads/main' };
    expect(decide('push', { ...push, after }).pushed?.commit).toBe(after);
    for (const odd of ['', 'main', '5'.repeat(41), `${after}\n`, '--upload-pack=x', 7, null, {}])
      expect(decide('push', { ...push, after: odd }).pushed).toEqual(decide('push', push).pushed);
  });

  test.each([
    ['a branch of a size that Git takes and a job does not', { ...scope, ref: `refs/heads/${'x'.repeat(300)}` }],
    [
      'a repository that is no address',
      { ...scope, repository: { ...scope.repository, full_name: '../..' }, ref: 'refs/heads/x' },
    ],
  ])('no cluster hears of %s', (_, payload) => {
    expect(decide('push', payload).pushed).toBeUndefined();
  });

  test('names repository and pull request for the log', () => {
    expect(decide('pull_request', { ...scope, action: 'opened', pull_request: pull })).toMatchObject({
      repository: 'acme/shop',
      pull: 12,
    });
  });
});

describe('no jobs, on purpose', () => {
  test.each<[string, string, unknown]>([
    ['ping', 'ping', { zen: 'x', hook_id: 1 }],
    ['issue_comment', 'issue_comment', { ...scope, action: 'created' }],
    ['an unknown event', 'workflow_run', { ...scope, action: 'requested' }],
    ['an event by a prototype’s name', 'constructor', scope],
    ['an event by another', '__proto__', scope],
    ['a label', 'pull_request', { ...scope, action: 'labeled', pull_request: pull }],
    ['an edited title', 'pull_request', { ...scope, action: 'edited', changes: { title: {} }, pull_request: pull }],
    ['an action of tomorrow', 'pull_request', { ...scope, action: 'x\n{"level":"info"}', pull_request: pull }],
    ['a note', 'push', { ...scope, ref: 'refs/notes/main' }],
    ['a deleted branch', 'push', { ...scope, ref: 'refs/heads/main', deleted: true, after: zeros }],
    ['a finished merge group', 'merge_group', { ...scope, action: 'destroyed', merge_group: group }],
    ['our check was made', 'check_run', { ...scope, action: 'created', check_run: run }],
    ['another App’s check', 'check_run', { ...scope, action: 'rerequested', check_run: { ...run, app: { id: 1 } } }],
    ['a check of no App', 'check_run', { ...scope, action: 'rerequested', check_run: { ...run, app: null } }],
    ['another check of ours', 'check_run', { ...scope, action: 'rerequested', check_run: { ...run, name: 'x' } }],
    [
      'another App’s suite',
      'check_suite',
      { ...scope, action: 'rerequested', check_suite: { ...suite, app: { id: 1 } } },
    ],
    ['a suite was requested', 'check_suite', { ...scope, action: 'requested', check_suite: suite }],
    ['another App’s installation', 'installation', { action: 'created', installation: { id: 3, app_id: 98 } }],
    ['uninstalled', 'installation', { action: 'deleted', installation: { id: 3, app_id: 99 } }],
    ['suspended', 'installation', { action: 'suspend', installation: { id: 3, app_id: 99 } }],
    [
      'a repository was removed',
      'installation_repositories',
      { action: 'removed', installation: { id: 3, app_id: 99 } },
    ],
    ['no installation', 'pull_request', { ...scope, installation: undefined, action: 'opened', pull_request: pull }],
    ['no number', 'pull_request', { ...scope, action: 'opened', pull_request: {} }],
    ['a number that is none', 'pull_request', { ...scope, action: 'opened', pull_request: { number: '12' } }],
    ['a negative number', 'pull_request', { ...scope, action: 'opened', pull_request: { number: -1 } }],
    [
      'a name that is none',
      'push',
      { ...scope, repository: { ...scope.repository, full_name: 'a/../b' }, ref: 'refs/heads/main' },
    ],
    [
      'a commit that is none',
      'merge_group',
      { ...scope, action: 'checks_requested', merge_group: { ...group, head_sha: 'HEAD' } },
    ],
    ['null', 'pull_request', null],
    ['a list', 'pull_request', []],
    ['a text', 'push', 'x'],
  ])('%s', (_, event, payload) => {
    const decision = decide(event, payload);
    expect(decision.jobs).toEqual([]);
    expect(decision.ignored).toMatch(/^[\x20-\x7e]+$/);
  });

  test('a body with __proto__ pollutes nothing', () => {
    const payload = JSON.parse(
      '{"action":"opened","__proto__":{"installation":{"id":3},"polluted":true},"pull_request":{"number":1,"__proto__":{"x":1}}}',
    );
    expect(decide('pull_request', payload).jobs).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
