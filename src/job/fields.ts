import type { LogFields } from '../ports/log.ts';
import type { Job } from '../ports/queue.ts';

/** What a job is about, for the log. */
export function fieldsOf(job: Job): LogFields {
  const common = { job: job.kind, delivery: job.cause };
  switch (job.kind) {
    case 'review':
      return { ...common, installation: job.installation, repository: job.fullName, pull: job.pull };
    case 'mergeGroup':
      return { ...common, installation: job.installation, repository: job.fullName, head: job.head };
    case 'sweep':
      return { ...common, installation: job.installation, target: job.repository };
    case 'reconcile':
      return { ...common, cluster: job.cluster, kustomization: `${job.namespace}/${job.name}` };
    case 'pushed':
      return { ...common, cluster: job.cluster, url: job.url, ref: job.ref };
    case 'deployed':
      return { ...common, cluster: job.cluster, url: job.url, commit: job.commit, state: job.state };
  }
}
