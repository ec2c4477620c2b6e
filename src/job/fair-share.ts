// Whose turn it is: start-time fair queueing, so that whoever has a thousand jobs delays the others by one.

/** BullMQ's lowest priority; 0 would jump the queue. */
export const lastTurn = 2_097_151;
const maxRemembered = 10_000;

/**
 * Gives each job a turn; the store serves lower turns first, and equal turns in the order they came. The jobs of
 * one owner (a repository, a namespace) get one turn after the other, starting at the turn that is being served, so owners
 * alternate however many jobs each has, and each one's own jobs stay in order. Several servers each keep their own; an
 * owner that reaches two of them can get two shares, never more than there are servers.
 */
export class FairShare {
  readonly #last = new Map<string, number>();
  #serving = 1;

  /** Tells the lowest turn that waits in the store, or undefined where nothing waits: then all start anew. */
  advance(lowestWaiting: number | undefined): void {
    this.#serving = lowestWaiting ?? 1;
    if (lowestWaiting === undefined) this.#last.clear();
  }

  /** Returns an owner's next turn, from 1 to `lastTurn`. */
  next(owner: string): number {
    const turn = Math.min(lastTurn, Math.max(this.#serving, (this.#last.get(owner) ?? 0) + 1));
    this.#last.set(owner, turn);
    if (this.#last.size > maxRemembered) this.#forget();
    return turn;
  }

  /** Takes a turn back that was not needed, since a job for the same subject waits already. */
  giveBack(owner: string, turn: number): void {
    if (this.#last.get(owner) === turn) this.#last.set(owner, turn - 1);
  }

  #forget(): void {
    for (const [owner, turn] of this.#last) {
      if (turn <= this.#serving) this.#last.delete(owner);
    }
    // All of them wait: whoever asked first is forgotten, and gets at most one share too many.
    for (const owner of this.#last.keys()) {
      if (this.#last.size <= maxRemembered) return;
      this.#last.delete(owner);
    }
  }
}
