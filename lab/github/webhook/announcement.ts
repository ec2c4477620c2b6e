import type { Account } from '../account.ts';
import type { App } from '../app.ts';
import type { Repository } from '../repository.ts';
import type { Json } from '../shape/account.ts';

/** Something happened that Apps are told of. */
export interface Announcement {
  /** `pull_request` */
  readonly event: string;
  readonly action: string | undefined;
  /** Where; undefined for what is about an installation itself. */
  readonly repository: Repository | undefined;
  readonly sender: Account;
  /** What is particular to the event; repository, organisation, installation and sender are added. */
  readonly payload: Json;
  /** Only to this App, subscribed or not: checks of its own, its installations. */
  readonly only?: App;
  /** For events about an installation, which may be gone from the world by now. */
  readonly installation?: number;
}

/** What an App must be allowed to read to be told of an event. */
export const neededFor: Readonly<Record<string, readonly string[]>> = {
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  push: ['contents'],
  check_run: ['checks'],
  check_suite: ['checks'],
  issue_comment: ['issues', 'pull_requests'],
  merge_group: ['merge_queues'],
  deployment: ['deployments'],
  deployment_status: ['deployments'],
  repository: ['metadata'],
  status: ['statuses'],
};
