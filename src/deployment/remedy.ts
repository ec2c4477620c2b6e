// What the author of a change can do about a failed deploy.
import type { Failure } from './deploy.ts';

/** Between a condition's words and their remedy, where the agent knew one. */
const mend = '; to mend it: ';

const team = 'ask the platform team';
const remedies: Readonly<Record<string, string>> = {
  ReconciliationFailed: 'correct what the message names and push; where a permission is missing, ask the platform team',
  HealthCheckFailed:
    'it was applied and does not become ready: look at what the object says, and push a fix or revert this pull request',
  HealthCheckCanceled: 'a newer commit took over: look at that one',
  BuildFailed: 'correct the file that the message names, and push',
  ArtifactFailed: 'see that the path and the branch are there; otherwise ask the platform team',
  DependencyNotReady: 'it waits for what it depends on: look at that one',
  DependencyCycle: 'take one of them out of dependsOn',
  DeletionGuard: 'see that the deletions are meant, and acknowledge them for this revision',
  PolicyDenied: 'change what the rule names, or ask the platform team',
  PruneFailed: 'look at what holds the object that is to be deleted (its finalizers, its permissions)',
  InvalidSpec: 'correct the Kustomization in the platform repository',
  InvalidCELExpression: 'correct the expression in the Kustomization',
  Unsupported: 'take the field out of the Kustomization, or ask the platform team',
  FeatureGateDisabled: team,
  AccessDenied: team,
  GitOperationFailed: 'the cluster could not fetch the repository: ask the platform team',
};

/** A failure's words, and what to do about it, which its message may say itself. */
export function explain({ reason, message }: Failure): { readonly why: string; readonly remedy: string } {
  const at = message.lastIndexOf(mend);
  if (at >= 0) return { why: message.slice(0, at), remedy: message.slice(at + mend.length) };
  const known = Object.hasOwn(remedies, reason) ? remedies[reason] : undefined;
  return { why: message, remedy: known ?? team };
}
