// The audit log of an API server: what it writes, and reading it back.
import { open, stat } from 'node:fs/promises';

/** One line of the audit log (audit.k8s.io/v1 Event at level Metadata), with the fields that tests look at. */
export interface AuditEvent {
  readonly auditID: string;
  /** A watch has both: `ResponseStarted` when it opens, `ResponseComplete` when it ends. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `impersonate`. */
  readonly verb: string;
  /** With its query. A server-side apply is a `patch` with `fieldManager=`, and with `dryRun=All` when it is dry. */
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly impersonatedUser?: { readonly username: string; readonly groups?: readonly string[] };
  readonly objectRef?: {
    /** Plural, as in `deployments`. */
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  readonly userAgent?: string;
  readonly requestReceivedTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Users of the cluster's own controllers, whose reads and leases are left out of the log. */
export const controllerUsers = ['system:kube-controller-manager', 'system:kube-scheduler', 'system:kwok'];

/** Everything at level Metadata, but probes, the API server's talk with itself and the controllers' reads and leases. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    { level: 'None', nonResourceURLs: ['/readyz*', '/livez*', '/healthz*'] },
    { level: 'None', users: controllerUsers, verbs: ['get', 'list', 'watch'] },
    { level: 'None', users: controllerUsers, resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'Metadata' },
  ],
};

/** Reads the file that one API server writes. */
export class AuditLog {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Where the log ends now, to read on from there. */
  async position(): Promise<number> {
    return await stat(this.file).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /**
   * Returns the events after a position, oldest first. An answer that was read to its end over HTTP/1.1 is in the log:
   * the API server writes its event before the last chunk.
   */
  async read(from = 0): Promise<AuditEvent[]> {
    const length = (await this.position()) - from;
    if (length <= 0) return [];
    const handle = await open(this.file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
      // A line that is still being written has no end yet.
      const end = buffer.subarray(0, bytesRead).lastIndexOf('\n');
      const lines = end < 0 ? [] : buffer.toString('utf8', 0, end).split('\n');
      return lines.map((line) => JSON.parse(line) as AuditEvent);
    } finally {
      await handle.close();
    }
  }
}
