export interface ApiCall {
  /** `GET /repos/{owner}/{repo}/pulls/{pull_number}`, in the words of GitHub's description. */
  readonly route: string;
  /** As asked for, with its query. */
  readonly path: string;
  readonly status: number;
  /** Milliseconds since the epoch, lab time. */
  readonly at: number;
  /** Installation id, user login, `app` or `nobody`. */
  readonly actor: string;
  /** `acme/web` where the call is about one. */
  readonly repository: string | undefined;
}

/** What was asked of the lab, for tests that count. */
export class Counters {
  readonly log: ApiCall[] = [];
  pushes = 0;
  fetches = 0;
  /** Attempts, also those that failed. */
  deliveries = 0;

  /** Calls by route. */
  get calls(): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { route } of this.log) found[route] = (found[route] ?? 0) + 1;
    return found;
  }

  reset(): void {
    this.log.length = 0;
    this.pushes = 0;
    this.fetches = 0;
    this.deliveries = 0;
  }
}
