// The tenant's Kustomizations as a watch has them, and when all of them have come to where they should.
import { nameOf } from '../../src/object/id.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { Follower } from '../../src/ports/kube.ts';

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly lastAppliedRevision?: string;
}

export class Seen {
  readonly #objects = new Map<string, KubeObject>();
  #look: () => void = () => {};

  follower(): Follower<KubeObject> {
    const take = (object: KubeObject): void => {
      this.#objects.set(nameOf(object), object);
      this.#look();
    };
    return {
      listed: (items) => items.forEach(take),
      changed: take,
      deleted: (object) => void this.#objects.delete(nameOf(object)),
    };
  }

  /**
   * Resolves with the time (`performance.now()`) at which so many are ready at a commit.
   *
   * @throws Error that shows one that is not, after `timeoutMs`
   */
  async ready(count: number, commit: string, timeoutMs: number): Promise<number> {
    const late = (): KubeObject | undefined => [...this.#objects.values()].find((one) => !isReadyAt(one, commit));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(() => {
      reject(new Error(`not deployed within ${timeoutMs / 1_000} s, such as ${JSON.stringify(late()?.['status'])}`));
    }, timeoutMs);
    this.#look = () => {
      if (this.#objects.size >= count && late() === undefined) resolve(performance.now());
    };
    this.#look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#look = () => {};
    }
  }
}

function isReadyAt(object: KubeObject, commit: string): boolean {
  const { conditions = [], lastAppliedRevision = '' } = (object['status'] ?? {}) as Status;
  return (
    lastAppliedRevision.endsWith(commit) && conditions.some((one) => one.type === 'Ready' && one.status === 'True')
  );
}
