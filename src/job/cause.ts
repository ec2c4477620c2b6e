// Why a sweep was asked for: to find what was lost, or because everything in scope is stale.

const searching: ReadonlySet<string> = new Set(['start', 'interval']);

/** True for a sweep that looks for heads without a finished check; otherwise all open pull requests are reviewed anew. */
export function isSearch(cause: string): boolean {
  return searching.has(cause);
}
