// Who a Kustomization belongs to (DESIGN §5.4–5).

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

/** The namespaces that a Kustomization's service account may write to, by the RBAC in the platform repository. */
export interface Tenant {
  /** Shown to people: the service account's namespace. */
  readonly name: string;
  readonly serviceAccount: ServiceAccountRef;
  /** Sorted, unique; the service account's own namespace alone when the fleet binds nothing. */
  readonly namespaces: readonly string[];
  /** The fleet holds RBAC for this account, so what the API server would refuse can be said. */
  readonly rbacKnown: boolean;
  /** Bound by a ClusterRoleBinding: the platform has trusted this account with the whole cluster. */
  readonly clusterBound: boolean;
}
