// One Kubernetes manifest in canonical JSON, as the renderer answers it.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A manifest. Numbers beyond 2^53 are carried exactly as `JSON.rawJSON` values, so `JSON.stringify` prints what the
 * tenant wrote; use `JSON.isRawJSON` where values are walked. Only `apiVersion`, `kind` and `metadata` may be relied
 * on to be present, and even they are hostile: the renderer guarantees types (string, string, object), nothing more.
 */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: Json;
    readonly namespace?: Json;
    readonly labels?: Json;
    readonly annotations?: Json;
    readonly [key: string]: Json;
  };
  readonly [key: string]: Json | undefined;
}

/** A place in a source tree that had a hand in an object. `document` counts from 0 in the file, `line` from 1. */
export interface ObjectSource {
  readonly file: string;
  readonly line: number;
  readonly document: number;
  /** `declared`: the manifest itself; `generated`: a generator's entry; `patch`, `transform`: what changed it after. */
  readonly by: 'declared' | 'generated' | 'patch' | 'transform';
}

/**
 * An object out of a build and where it came from: the declaration first, then patches and transforms in the order
 * they were applied, so the last is the nearest to the overlay that was built. Never empty.
 */
export interface BuiltObject {
  readonly object: KubeObject;
  readonly sources: readonly ObjectSource[];
}

/** A path into an object: `['spec', 'containers', 0, 'image']`. */
export type FieldPath = readonly (string | number)[];
