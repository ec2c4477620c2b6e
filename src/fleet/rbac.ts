// RBAC of one cluster as Git has it: who is bound where, and what the API server would refuse.
export interface Rbac {
  /** placeholder shape; see the functions of this module */
  readonly version: 1;
}
