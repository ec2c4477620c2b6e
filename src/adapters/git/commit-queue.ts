// Commits waiting to be looked at, newest first.

interface Waiting {
  readonly oid: string;
  readonly time: number;
}

/** A binary heap by time; among equal times the one that came first leaves first. */
export class CommitQueue {
  readonly #heap: (Waiting & { readonly order: number })[] = [];
  #order = 0;

  push(oid: string, time: number): void {
    const heap = this.#heap;
    heap.push({ oid, time, order: this.#order++ });
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): string | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.oid;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(child, least)) least = child;
      if (least === at) return first.oid;
      this.#swap(at, least);
      at = least;
    }
  }

  some(test: (oid: string) => boolean): boolean {
    return this.#heap.some(({ oid }) => test(oid));
  }

  #before(one: number, other: number): boolean {
    const a = this.#heap[one];
    const b = this.#heap[other];
    if (a === undefined || b === undefined) return false;
    return a.time === b.time ? a.order < b.order : a.time > b.time;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
