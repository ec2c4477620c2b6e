// What is known of a kind: its group, resource name and scope. Scope never comes from a manifest.

export interface Kind {
  /** `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Resource name in lower-case plural, as RBAC rules spell it: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Versions that are known to be served; empty where unknown. */
  readonly versions: readonly string[];
  /** `builtin` from a real API server, `wellKnown` shipped with Sluice, `crd` in the fleet, `configured` in sluice.yaml. */
  readonly from: 'builtin' | 'wellKnown' | 'crd' | 'configured';
}

/** Kinds of one cluster, looked up by exact group and kind (bytes, case). */
export interface KindTable {
  find(group: string, kind: string): Kind | undefined;
}
