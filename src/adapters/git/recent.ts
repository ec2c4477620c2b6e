// What was asked for lately, by id, up to a budget. Content never changes under an id, so nothing grows stale.

export class Recent<Value> {
  readonly #budget: number;
  readonly #weigh: (value: Value) => number;
  readonly #values = new Map<string, { readonly value: Promise<Value>; weight: number }>();
  #weight = 0;

  constructor(budget: number, weigh: (value: Value) => number) {
    this.#budget = budget;
    this.#weigh = weigh;
  }

  /** The value under an id; made once even where several ask at a time. A failure is not kept. */
  get(id: string, make: () => Promise<Value>): Promise<Value> {
    const held = this.#values.get(id);
    if (held !== undefined) {
      this.#values.delete(id);
      this.#values.set(id, held);
      return held.value;
    }
    const entry = { value: make(), weight: 0 };
    this.#values.set(id, entry);
    entry.value.then(
      (value) => this.#admit(id, entry, this.#weigh(value)),
      () => this.#values.delete(id),
    );
    return entry.value;
  }

  #admit(id: string, entry: { weight: number }, weight: number): void {
    if (this.#values.get(id) !== entry) return;
    entry.weight = weight;
    this.#weight += weight;
    for (const [oldest, { weight: freed }] of this.#values) {
      if (this.#weight <= this.#budget) break;
      this.#values.delete(oldest);
      this.#weight -= freed;
    }
  }
}
