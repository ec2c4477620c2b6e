// What was asked for lately, by id, up to a budget. Content never changes under an id, so nothing grows stale.

interface Entry<Value> {
  readonly value: Value;
  readonly weight: number;
  used: boolean;
}

export class Recent<Value> {
  readonly #budget: number;
  readonly #weigh: (value: Value) => number;
  readonly #values = new Map<string, Entry<Value>>();
  readonly #underway = new Map<string, Promise<Value>>();
  #weight = 0;

  constructor(budget: number, weigh: (value: Value) => number) {
    this.#budget = budget;
    this.#weigh = weigh;
  }

  /** The value under an id; made once even where several ask at a time. A failure is not kept. */
  async get(id: string, make: () => Promise<Value>): Promise<Value> {
    const held = this.peek(id);
    if (held !== undefined) return held;
    let making = this.#underway.get(id);
    if (making === undefined) {
      making = make().then(
        (value) => this.put(id, value),
        (error: unknown) => {
          this.#underway.delete(id);
          throw error;
        },
      );
      this.#underway.set(id, making);
    }
    return making;
  }

  peek(id: string): Value | undefined {
    const held = this.#values.get(id);
    if (held === undefined) return undefined;
    held.used = true;
    return held.value;
  }

  /** Keeps a value and returns it. */
  put(id: string, value: Value): Value {
    this.#underway.delete(id);
    if (this.#values.has(id)) return value;
    const weight = this.#weigh(value);
    this.#values.set(id, { value, weight, used: false });
    this.#weight += weight;
    if (this.#weight > this.#budget) this.#evict();
    return value;
  }

  // Oldest first; what was used since it was last passed over stays for another round.
  #evict(): void {
    for (const [id, entry] of this.#values) {
      if (this.#weight <= this.#budget) return;
      this.#values.delete(id);
      if (entry.used) {
        entry.used = false;
        this.#values.set(id, entry);
      } else {
        this.#weight -= entry.weight;
      }
    }
  }
}
