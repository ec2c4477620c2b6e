// https://docs.github.com/rest/branches and https://docs.github.com/rest/branches/branch-protection
import { findCommit } from '../git/bare.ts';
import type { Protection } from '../repository.ts';
import type { Json } from '../shape/account.ts';
import { commitShape } from '../shape/commit.ts';
import { apiUrl, htmlUrl } from '../shape/repository.ts';
import { Refusal } from './refusal.ts';
import { found, ok, paged, type RepositoryCall, type RepositoryRoute } from './route.ts';

const at = '/repos/{owner}/{repo}/branches';

function branchOf(call: RepositoryCall): { readonly name: string; readonly sha: string } {
  const name = call.params['branch'] ?? '';
  const sha = call.repository.refs.get(`refs/heads/${name}`);
  if (sha === undefined) throw new Refusal(404, 'Branch not found');
  return { name, sha };
}

function protectionOf(call: RepositoryCall): { readonly url: string; readonly protection: Protection } {
  const { name } = branchOf(call);
  const protection = call.repository.protection.get(name);
  if (protection === undefined) throw new Refusal(404, 'Branch not protected');
  return { url: `${apiUrl(call.world, call.repository)}/branches/${name}/protection`, protection };
}

function checksShape(url: string, { checks, strict }: Protection): Json {
  return {
    url: `${url}/required_status_checks`,
    strict,
    contexts: checks.map(({ context }) => context),
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: checks.map(({ context, app }) => ({ context, app_id: app?.id ?? null })),
  };
}

function protectionShape(url: string, protection: Protection): Json {
  return {
    url,
    ...(protection.checks.length > 0 && { required_status_checks: checksShape(url, protection) }),
    ...(protection.reviews > 0 && {
      required_pull_request_reviews: {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: false,
        require_code_owner_reviews: false,
        required_approving_review_count: protection.reviews,
        require_last_push_approval: false,
      },
    }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: protection.allowForcePushes },
    allow_deletions: { enabled: false },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
  };
}

export const branchRoutes: readonly RepositoryRoute[] = [
  {
    route: `GET ${at}/{branch}/protection/required_status_checks`,
    needs: 'administration:read',
    person: 'admin',
    handle: (call) => {
      const { url, protection } = protectionOf(call);
      if (protection.checks.length === 0) throw new Refusal(404, 'Required status checks not enabled');
      return ok(checksShape(url, protection));
    },
  },
  {
    route: `GET ${at}/{branch}/protection`,
    needs: 'administration:read',
    person: 'admin',
    handle: (call) => {
      const { url, protection } = protectionOf(call);
      return ok(protectionShape(url, protection));
    },
  },
  {
    route: `GET ${at}/{branch}`,
    needs: 'contents:read',
    handle: async (call) => {
      const { world, repository } = call;
      const { name, sha } = branchOf(call);
      const self = `${apiUrl(world, repository)}/branches/${name}`;
      const protection = repository.protection.get(name);
      const commit = found(await findCommit(repository.path, sha));
      return ok({
        name,
        commit: commitShape(world, repository, commit),
        _links: { self, html: `${htmlUrl(world, repository)}/tree/${name}` },
        protected: protection !== undefined,
        protection: protection === undefined ? { enabled: false } : protectionShape(`${self}/protection`, protection),
        protection_url: `${self}/protection`,
      });
    },
  },
  {
    route: `GET ${at}`,
    needs: 'contents:read',
    handle: (call) => {
      const { world, repository } = call;
      const branches = [...repository.refs].filter(([ref]) => ref.startsWith('refs/heads/'));
      return paged(call, branches, ([ref, sha]) => {
        const name = ref.slice('refs/heads/'.length);
        const commit = { sha, url: `${apiUrl(world, repository)}/commits/${sha}` };
        return { name, commit, protected: repository.protection.has(name) };
      });
    },
  },
  {
    route: 'GET /repos/{owner}/{repo}/rules/branches/{branch}',
    needs: 'metadata:read',
    handle: (call) => {
      const protection = call.repository.protection.get(call.params['branch'] ?? '');
      const checks = (protection?.checks ?? []).map(({ context, app }) => ({
        context,
        ...(app !== undefined && { integration_id: app.id }),
      }));
      const parameters = {
        required_status_checks: checks,
        strict_required_status_checks_policy: protection?.strict ?? false,
      };
      return ok(checks.length === 0 ? [] : [{ type: 'required_status_checks', parameters }]);
    },
  },
];
