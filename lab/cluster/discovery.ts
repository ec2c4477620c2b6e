// Finds under which path of the API a kind is served.
import type { Connection } from './connection.ts';

export interface Resource {
  /** Plural, as in `deployments`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Resources by group version, as one API server told them. */
export class Discovery {
  readonly #connection: Connection;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #known = new Map<string, readonly Resource[]>();

  constructor(connection: Connection, headers: Readonly<Record<string, string>>) {
    this.#connection = connection;
    this.#headers = headers;
  }

  /** Returns where a kind is served, asking the server when it is not known yet; undefined when it serves none. */
  async find(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const known = this.#known.get(apiVersion)?.find((resource) => resource.kind === kind);
    if (known !== undefined) return known;
    const path = rootOf(apiVersion);
    const { status, text } = await this.#connection.send({ method: 'GET', path, headers: this.#headers });
    if (status !== 200) return undefined;
    const { resources } = JSON.parse(text) as { resources: readonly Resource[] };
    const whole = resources.filter(({ name }) => !name.includes('/'));
    this.#known.set(apiVersion, whole);
    return whole.find((resource) => resource.kind === kind);
  }
}

/** `/api/v1`, `/apis/apps/v1`. */
export function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
