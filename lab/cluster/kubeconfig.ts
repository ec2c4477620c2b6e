// Writes kubeconfigs: how kubectl, the controllers and Sluice's agent are told of a cluster.
import { stringify } from 'yaml';

export interface Access {
  readonly name: string;
  readonly url: string;
  /** PEM. */
  readonly caData: string;
  readonly token: string;
}

/** Returns the text of a kubeconfig with one cluster, one user and one context, all with the cluster's name. */
export function kubeconfigText({ name, url, caData, token }: Access): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: url, 'certificate-authority-data': Buffer.from(caData).toString('base64') } },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
