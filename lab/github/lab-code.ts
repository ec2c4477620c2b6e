import type { Protection, Repository } from './repository.ts';
import { LabAccounts } from './lab-accounts.ts';
import type { CheckRun } from './check.ts';
import { announceRun } from './checks.ts';
import { createComment, deleteComment, editComment, reviewPull } from './comments.ts';
import { tryGit } from './git/run.ts';
import { type Comment, type Issue, isPull, type Pull, type Review } from './issue.ts';
import { writeProtection } from './protect.ts';
import { type MergeRequest, mergePull, newIssue, type NewPull, openPull, setDraft, updatePull } from './pulls.ts';
import { announcePushes } from './push.ts';
import { dequeue, enqueue, type MergeGroup } from './queue.ts';
import {
  addRepository,
  archiveRepository,
  deleteRepository,
  type NewRepository,
  renameRepository,
  transferRepository,
} from './repositories.ts';
import { fullName } from './repository.ts';
import { announceSuite } from './suite.ts';
import { exclusive } from './turn.ts';
import { type Change, commitChange } from './git/write.ts';

const open: Protection = {
  checks: [],
  strict: false,
  reviews: 0,
  enforceAdmins: false,
  allowForcePushes: false,
  mergeQueue: false,
};

/** Repositories and what happens in them. Repositories are named `owner/name`, people by login. */
export class LabCode extends LabAccounts {
  repository(name: string): Repository {
    return this.world.repository(name);
  }

  createRepository(name: string, more: Omit<NewRepository, 'name' | 'parent'> = {}): Promise<Repository> {
    const [owner = '', own = ''] = name.split('/');
    return addRepository(this.world, this.world.account(owner), { ...more, name: own });
  }

  /** A copy with its own bare repository, from which pull requests may come. */
  forkRepository(name: string, login: string): Promise<Repository> {
    const parent = this.repository(name);
    const { path: from, defaultBranch } = parent;
    return addRepository(this.world, this.world.account(login), {
      name: parent.name,
      from,
      defaultBranch,
      parent,
      private: parent.private,
    });
  }

  /** `http://ada:ghp_…@127.0.0.1:4000/acme/web.git` */
  cloneUrl(name: string, login: string): string {
    const url = new URL(`${this.address}/${name}.git`);
    url.username = login;
    url.password = this.user(login).token;
    return url.href;
  }

  /**
   * Pushes from a local repository over HTTP, as `login` would; what follows from it is there when this resolves.
   * `refspec` is Git's: `+HEAD:refs/heads/change`, `:refs/heads/old`.
   * @throws Error with Git's words where the push is refused
   */
  async push(name: string, login: string, dir: string, ...refspec: string[]): Promise<void> {
    const { code, err } = await tryGit(dir, ['push', '--quiet', this.cloneUrl(name, login), ...refspec]);
    if (code !== 0) throw new Error(`git push ${name} ${refspec.join(' ')}: ${err.trim()}`);
  }

  /**
   * Commits files on a branch (made from `from`, the default branch unless said, where it is not there) and pushes it
   * over HTTP. @returns the new commit
   */
  async pushFiles(name: string, login: string, change: Change): Promise<string> {
    const repository = this.repository(name);
    const at = Math.floor(this.clock.now() / 1000);
    const written = await commitChange(repository, change, { name: login, email: `${login}@example.com`, at });
    await this.push(
      name,
      login,
      written.dir,
      `${change.force === true ? '+' : ''}${written.commit}:refs/heads/${change.branch}`,
    );
    return written.commit;
  }

  /** Announces what was written straight into the bare repository. */
  async receive(name: string, login: string): Promise<void> {
    const repository = this.repository(name);
    await exclusive(repository, () => announcePushes(this.world, repository, this.world.account(login)));
  }

  async deleteBranch(name: string, login: string, branch: string): Promise<void> {
    await this.push(name, login, this.repository(name).path, `:refs/heads/${branch}`);
  }

  /** Requires for a branch what is said and nothing else; undefined takes the protection away. */
  async protect(name: string, branch: string, protection: Partial<Protection> | undefined): Promise<void> {
    const repository = this.repository(name);
    if (protection === undefined) repository.protection.delete(branch);
    else repository.protection.set(branch, { ...open, ...protection });
    await writeProtection(repository);
  }

  openPullRequest(
    name: string,
    login: string,
    asked: Omit<NewPull, 'title'> & { readonly title?: string },
  ): Promise<Pull> {
    const user = this.world.account(login);
    return openPull(this.world, this.repository(name), user, { ...asked, title: asked.title ?? asked.head });
  }

  openIssue(name: string, login: string, title: string): Issue {
    return newIssue(this.world, this.repository(name), this.world.account(login), { title, body: null });
  }

  /** @throws Error where there is none of this number */
  pull(name: string, number: number): Pull {
    const issue = this.repository(name).issues.get(number);
    if (!isPull(issue)) throw new Error(`${name}#${number}: there is no such pull request`);
    return issue;
  }

  async close(name: string, number: number, login: string): Promise<void> {
    await updatePull(this.world, this.pull(name, number), this.world.account(login), { state: 'closed' });
  }

  async reopen(name: string, number: number, login: string): Promise<void> {
    await updatePull(this.world, this.pull(name, number), this.world.account(login), { state: 'open' });
  }

  async retarget(name: string, number: number, login: string, base: string): Promise<void> {
    await updatePull(this.world, this.pull(name, number), this.world.account(login), { base });
  }

  async editTitle(name: string, number: number, login: string, title: string): Promise<void> {
    await updatePull(this.world, this.pull(name, number), this.world.account(login), { title });
  }

  setDraft(name: string, number: number, login: string, draft: boolean): void {
    setDraft(this.world, this.pull(name, number), draft, this.world.account(login));
  }

  lock(name: string, number: number, locked = true): void {
    this.pull(name, number).locked = locked;
  }

  /** @returns the commit on the base branch */
  merge(name: string, number: number, login: string, asked: MergeRequest = {}): Promise<string> {
    const who = { user: this.world.account(login), app: undefined };
    return mergePull(this.world, this.pull(name, number), who, asked);
  }

  /** "Merge when ready", where the base branch has a merge queue. */
  enqueue(name: string, number: number, login: string): Promise<MergeGroup> {
    return enqueue(this.world, this.pull(name, number), this.world.account(login));
  }

  dequeue(name: string, number: number, login: string): Promise<void> {
    return dequeue(this.world, this.pull(name, number), this.world.account(login));
  }

  comment(name: string, number: number, login: string, body: string): Comment {
    const issue = this.repository(name).issues.get(number);
    if (issue === undefined) throw new Error(`${name}#${number}: there is no such issue`);
    return createComment(this.world, issue, { user: this.world.account(login), app: undefined }, body);
  }

  editComment(comment: Comment, login: string, body: string): void {
    editComment(this.world, comment, this.world.account(login), body);
  }

  deleteComment(comment: Comment, login: string): void {
    deleteComment(this.world, comment, this.world.account(login));
  }

  /** Oldest first. */
  listComments(name: string, number: number): readonly Comment[] {
    return [...(this.repository(name).issues.get(number)?.comments.values() ?? [])];
  }

  review(name: string, number: number, login: string, state: Review['state'], body = ''): Review {
    const writer = { user: this.world.account(login), app: undefined };
    return reviewPull(this.world, this.pull(name, number), writer, { state, body });
  }

  /** Check runs on a commit, oldest first. */
  checkRunsOf(name: string, head: string): readonly CheckRun[] {
    return [...this.repository(name).checkRuns.values()].filter((run) => run.head === head);
  }

  /** The "Re-run" button of a check. */
  rerequestCheck(name: string, run: CheckRun, login: string): void {
    announceRun(this.world, this.repository(name), run, 'rerequested', this.world.account(login));
  }

  /** "Re-run all checks". */
  async rerequestSuite(name: string, run: CheckRun, login: string): Promise<void> {
    await announceSuite(this.world, this.repository(name), run.suite, 'rerequested', this.world.account(login));
  }

  /** A button that the check itself offers. */
  requestAction(name: string, run: CheckRun, login: string, identifier: string): void {
    const requested_action = { identifier };
    announceRun(this.world, this.repository(name), run, 'requested_action', this.world.account(login), {
      requested_action,
    });
  }

  rename(name: string, to: string, login: string): void {
    renameRepository(this.world, this.repository(name), to, this.world.account(login));
  }

  transfer(name: string, owner: string, login: string): void {
    transferRepository(this.world, this.repository(name), this.world.account(owner), this.world.account(login));
  }

  async deleteRepository(name: string, login: string): Promise<void> {
    await deleteRepository(this.world, this.repository(name), this.world.account(login));
  }

  archive(name: string, login: string, archived = true): void {
    archiveRepository(this.world, this.repository(name), archived, this.world.account(login));
  }

  /** `acme/web` of a repository now. */
  nameOf(repository: Repository): string {
    return fullName(repository);
  }
}
