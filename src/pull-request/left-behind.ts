// Checks of ours that nobody will complete: whoever announced them is lost, and their commit is a head no more.
import type { GitHub, HostedRepository } from '../ports/github.ts';
import { cancelCheck, type PullMemory } from './publication.ts';

/** A review that read the pull request before the push may still announce itself: so long, a commit is looked at again. */
const youngMs = 15 * 60_000;
const mostRemembered = 50_000;

/**
 * Ends our open checks on the commits that branches were moved away from.
 *
 * @param heads of open pull requests, which their reviews complete
 */
export async function closeLeftBehind(
  github: GitHub,
  { settledMoves }: PullMemory,
  repository: HostedRepository,
  heads: ReadonlySet<string>,
): Promise<void> {
  const seen = new Set(heads);
  for (const { id, left, ageMs } of await github.branchMoves(repository)) {
    if (settledMoves.has(id)) continue;
    if (!seen.has(left)) {
      seen.add(left);
      const open = (await github.checkRuns(repository, left)).filter(({ completed }) => !completed);
      for (const one of open) await cancelCheck(github, repository, one, 'Superseded by a newer commit');
    }
    if (ageMs < youngMs || heads.has(left)) continue;
    if (settledMoves.size >= mostRemembered) settledMoves.clear();
    settledMoves.add(id);
  }
}
