// Which webhook deliveries to ask GitHub for again.

export interface Delivery {
  readonly id: string;
  /** The same for every attempt of one delivery. */
  readonly guid: string;
  readonly delivered_at: string;
  readonly status_code: number;
}

/** A delivery that failed this often is not a matter of luck; the sweep has looked at its pull request anyway. */
const attempts = 5;

/**
 * Returns the id of the newest attempt of each delivery of which no attempt was answered with success; newest first.
 * `deliveries` may be in any order.
 */
export function failedDeliveries(deliveries: readonly Delivery[]): readonly string[] {
  const byGuid = Map.groupBy(deliveries, ({ guid }) => guid);
  const failed = [...byGuid.values()]
    .filter((tries) => tries.length < attempts && !tries.some((one) => succeeded(one.status_code)))
    .map((tries) => tries.reduce((newest, one) => (when(one) > when(newest) ? one : newest)));
  return failed.sort((one, other) => when(other) - when(one)).map(({ id }) => id);
}

function when({ delivered_at }: Delivery): number {
  return Date.parse(delivered_at);
}

function succeeded(status: number): boolean {
  return status >= 200 && status < 300;
}
