import { atLeast } from '../account.ts';
import type { Actor } from '../app.ts';
import { fullName, type Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { type Json, nodeId, organisationShape, userShape } from './account.ts';

/** Links of a repository that follow one pattern: name → what comes after its address. */
const links: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
};

export function apiUrl(world: World, repository: Repository): string {
  return `${world.addresses.api}/repos/${fullName(repository)}`;
}

export function htmlUrl(world: World, repository: Repository): string {
  return `${world.addresses.html}/${fullName(repository)}`;
}

/** `repository`, of the API and of webhooks. */
export function repositoryShape(world: World, repository: Repository): Json {
  const url = apiUrl(world, repository);
  const html = htmlUrl(world, repository);
  const open = [...repository.issues.values()].filter(({ state }) => state === 'open').length;
  const forks = [...world.repositories.values()].filter(({ parent }) => parent?.id === repository.id).length;
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: userShape(world, repository.owner),
    html_url: html,
    description: repository.description,
    fork: repository.parent !== undefined,
    url,
    ...Object.fromEntries(Object.entries(links).map(([name, rest]) => [name, `${url}${rest}`])),
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    pushed_at: repository.pushedAt,
    git_url: `${html.replace(/^http/, 'git')}.git`,
    ssh_url: `git@github.example:${fullName(repository)}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    mirror_url: null,
    archived: repository.archived,
    disabled: false,
    open_issues_count: open,
    license: null,
    forks,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.private ? 'private' : 'public',
    allow_forking: true,
    custom_properties: {},
  };
}

/** `full-repository`, for the one who asks. */
export function fullRepositoryShape(world: World, repository: Repository, actor: Actor): Json {
  const level = actor.kind === 'user' ? world.levelOf(actor.user, repository) : 'read';
  const organisation = repository.owner.type === 'Organization';
  return {
    ...repositoryShape(world, repository),
    permissions: {
      admin: atLeast(level, 'admin'),
      maintain: atLeast(level, 'maintain'),
      push: atLeast(level, 'write'),
      triage: atLeast(level, 'triage'),
      pull: atLeast(level, 'read'),
    },
    temp_clone_token: '',
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    network_count: 0,
    subscribers_count: 0,
    ...(organisation && { organization: userShape(world, repository.owner) }),
    ...(repository.parent !== undefined && {
      parent: repositoryShape(world, repository.parent),
      source: repositoryShape(world, repository.parent),
    }),
  };
}

/** How installation events name a repository. */
export function namedShape(repository: Repository): Json {
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
  };
}

/** What most events say about where they happened. */
export function placeShape(world: World, repository: Repository): Json {
  const organisation = repository.owner.type === 'Organization';
  return {
    repository: repositoryShape(world, repository),
    ...(organisation && { organization: organisationShape(world, repository.owner) }),
  };
}
