// A cluster as a client sees it, whoever started it.
import { Admin, StatusError } from './admin.ts';
import type { Serving } from './api-server.ts';
import { type AuditEvent, AuditLog } from './audit.ts';
import { kubeconfigText } from './kubeconfig.ts';

/** What a client needs to know of a cluster; plain data, so that it can be handed to another process. */
export interface ClusterFacts {
  readonly name: string;
  readonly folder: string;
  /** `https://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string;
  /** PEM of what the API server's certificate is verified with. */
  readonly caData: string;
  /** A token of group `system:masters`. */
  readonly adminToken: string;
  /** A kubeconfig with that token. */
  readonly kubeconfigFile: string;
  readonly auditFile: string;
  /** Certificate and key of the API server, for a proxy that stands in for it. */
  readonly serving: Serving;
}

/** Access to a running cluster, as its administrator. */
export class ClusterAccess {
  readonly facts: ClusterFacts;
  readonly admin: Admin;
  readonly #audit: AuditLog;

  constructor(facts: ClusterFacts) {
    this.facts = facts;
    this.admin = new Admin(facts.url, facts.caData, facts.adminToken);
    this.#audit = new AuditLog(facts.auditFile);
  }

  get name(): string {
    return this.facts.name;
  }
  get url(): string {
    return this.facts.url;
  }
  get caData(): string {
    return this.facts.caData;
  }
  get adminToken(): string {
    return this.facts.adminToken;
  }
  get kubeconfigFile(): string {
    return this.facts.kubeconfigFile;
  }
  get serving(): Serving {
    return this.facts.serving;
  }

  /** Returns the text of a kubeconfig, with the administrator's token unless another is given, and maybe through a proxy. */
  kubeconfig(token: string = this.adminToken, url: string = this.url): string {
    return kubeconfigText({ name: this.name, url, caData: this.caData, token });
  }

  /**
   * Returns a token of a service account that exists, from the API's TokenRequest.
   * @throws StatusError 404 where there is no such account
   */
  async serviceAccountToken(namespace: string, name: string, expirationSeconds = 3600): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const spec = { expirationSeconds };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const answer = await this.admin.request('POST', path, body);
    if (answer.status !== 201) throw new StatusError(`token of ${namespace}/${name}`, answer);
    return (answer.body as { status: { token: string } }).status.token;
  }

  /** Returns the audit events after a position (all without), oldest first. */
  async audit(from = 0): Promise<AuditEvent[]> {
    return await this.#audit.read(from);
  }

  /** Returns where the audit log ends now: `audit(position)` tells what came after. */
  async auditPosition(): Promise<number> {
    return await this.#audit.position();
  }
}
