// The interfaces that the flows need, in the field's words. Adapters implement them; nothing here knows how.
import type { Place } from './errors.ts';
import type { BuiltObject, FieldPath, Json } from './object/object.ts';

// ---- trees -------------------------------------------------------------------------------------------------------

/** Why a tree entry is not a plain file or folder. Such an entry is never read; naming it in a build is an error. */
export type RefusedReason = 'symlink' | 'submodule' | 'name' | 'mode' | 'duplicate' | 'tooLarge';

export type TreeEntry =
  | { readonly type: 'file'; readonly oid: string }
  | { readonly type: 'directory'; readonly oid: string }
  | { readonly type: 'refused'; readonly reason: RefusedReason };

/**
 * A read-only view of one source revision. Paths are relative to the root, `/`-separated, without `.`, `..` or a
 * leading slash; the root itself is `''`. Two trees with the same `id` hold the same files.
 */
export interface Tree {
  readonly id: string;
  /** Entries of a folder by name, or undefined where the path is no folder. Sorted by name, bytewise. */
  list(path: string): Promise<ReadonlyMap<string, TreeEntry> | undefined>;
  /** The entry at a path, or undefined where there is none. */
  entry(path: string): Promise<TreeEntry | undefined>;
  /** The bytes of a file. @throws SluiceError `source.pathMissing`, `source.tooLarge`, `source.corrupt` */
  read(path: string): Promise<Uint8Array>;
}

/** What a source follows, as in Flux: precedence commit > name > semver > tag > branch. */
export interface SourceRef {
  readonly branch?: string;
  readonly tag?: string;
  readonly semver?: string;
  readonly name?: string;
  readonly commit?: string;
}

/** A local Git repository: a working tree with its `.git`, or a bare one. */
export interface Repository {
  /** The address of `origin` as configured, without credentials, or undefined. */
  originUrl(): Promise<string | undefined>;
  /** Resolves a revision (branch, remote branch, tag, full ref or commit) to a commit id of 40 hex digits. */
  resolve(revision: string): Promise<string | undefined>;
  /** Resolves a Flux `ref` to its commit: `{revision: 'main@sha1:…', commit}`; undefined where there is none here. */
  resolveRef(ref: SourceRef): Promise<{ readonly revision: string; readonly commit: string } | undefined>;
  /** The current branch's short name, or undefined when detached. */
  currentBranch(): Promise<string | undefined>;
  mergeBase(one: string, other: string): Promise<string | undefined>;
  /** The tree of a commit. */
  tree(commit: string): Promise<Tree>;
  /** The files on disk as they are now, without what `.gitignore` leaves out. @throws SluiceError on a bare one. */
  workingTree(): Promise<Tree>;
}

// ---- renderer ----------------------------------------------------------------------------------------------------

/** The part of a Flux `Kustomization` spec that changes what a build gives. Absent fields are left out, never null. */
export interface BuildSpec {
  readonly targetNamespace?: string;
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly patches?: Json;
  readonly images?: Json;
  readonly components?: readonly string[];
  readonly ignoreMissingComponents?: boolean;
  readonly commonMetadata?: { readonly labels?: Json; readonly annotations?: Json };
}

/**
 * `postBuild`. `variables` is the merged map; `undetermined` names sources whose keys cannot be known here (a Secret,
 * a ConfigMap that is not in Git): while there is one, a variable without value stays `${NAME}` and is reported;
 * otherwise it is an error, as in Flux since 1.9.
 */
export interface Substitution {
  readonly variables: Readonly<Record<string, string>>;
  readonly undetermined: readonly string[];
  readonly always: boolean;
}

export interface BuildRequest {
  readonly tree: Tree;
  /** Folder in the tree, normalised (`''` is the root). */
  readonly path: string;
  readonly spec: BuildSpec;
  readonly substitution?: Substitution;
}

export interface Build {
  /** In kustomize's output order. */
  readonly objects: readonly BuiltObject[];
  /** Variables that stayed `${NAME}` because only the cluster knows them; sorted, unique. */
  readonly unknownVariables: readonly string[];
  /** A replacement copies values out of a Secret: mask by value too. */
  readonly copiesSecrets: boolean;
  /** Where it does: the values that Secrets of the sources hold, as the Secrets may be gone from the objects. */
  readonly copiedValues?: readonly string[];
  /** Identity of everything that was read and asked for: equal digests ⇒ equal results. */
  readonly digest: string;
}

export interface Closure {
  /** Digest over spec, substitution and every file and folder a build would read. */
  readonly digest: string;
  /** Files a build would read; sorted. */
  readonly files: readonly string[];
  /** Some file or patch speaks of Flux Kustomizations, so the build may define children. */
  readonly mentionsFlux: boolean;
}

/** One YAML document, strictly parsed by the renderer. `line` is where it starts. */
export interface Document {
  readonly line: number;
  readonly value: Json;
}

export interface LocateRequest {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly document: number;
  readonly paths: readonly FieldPath[];
}

/** A rule as its Rego metadata describes it. `id` is the package path after `sluice.`: `image/registry`. */
export interface PolicyRule {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly remedy?: string;
  readonly file: string;
}

export interface CompiledPolicy {
  readonly wasm: Uint8Array;
  readonly digest: string;
  readonly rules: readonly PolicyRule[];
}

export interface RegoModule {
  readonly file: string;
  readonly text: string;
}

/** What was done, so that tests can prove what was not. */
export interface RenderCounters {
  builds: number;
  cacheHits: number;
  closures: number;
  childrenStarted: number;
}

/** The Go program around the official libraries. Every method may be called concurrently. */
export interface Renderer {
  /** @throws SluiceError with a `build.*` code, terminal, with the tenant's file and line where known */
  build(request: BuildRequest): Promise<Build>;
  /** What a build would read, without building. @throws as `build` for what the scan already refuses */
  closure(request: BuildRequest): Promise<Closure>;
  /** Strict YAML (or JSON) → documents. @throws SluiceError `build.yaml`, `build.duplicateKey`, `build.alias`, … */
  parse(file: string, bytes: Uint8Array): Promise<readonly Document[]>;
  /** Line of each path; the line of the nearest existing parent where the path is not there. `found` tells which. */
  locate(requests: readonly LocateRequest[]): Promise<readonly (readonly { line: number; found: boolean }[])[]>;
  /** Rego v1 → one wasm module. @throws SluiceError `policy.compile`, `policy.builtin` with file and line */
  compile(modules: readonly RegoModule[]): Promise<CompiledPolicy>;
  readonly counters: RenderCounters;
  close(): Promise<void>;
}

// ---- policy ------------------------------------------------------------------------------------------------------

/** What a rule sees of one object. `old` is the object on the base side, or null. */
export interface PolicyInput {
  readonly object: Json;
  readonly old: Json;
  readonly tenant: Json;
  readonly cluster: string;
  readonly kustomization: Json;
  readonly source: Json;
  /** This tenant's part of sluice.yaml's `limits`, from `limitsOf` (src/policy/limits.ts). */
  readonly limits: Json;
}

export interface PolicyFinding {
  readonly rule: string;
  readonly severity: 'deny' | 'warn';
  readonly message: string;
  readonly remedy?: string;
  readonly path?: FieldPath;
}

/** Evaluates compiled rules off the main thread. Fails closed: anything but a full answer is an error. */
export interface PolicyEngine {
  /** Findings per input, same order. @throws SluiceError `policy.none|undefined|crashed|timeout`, terminal */
  evaluate(policy: CompiledPolicy, inputs: readonly PolicyInput[]): Promise<readonly (readonly PolicyFinding[])[]>;
  close(): Promise<void>;
}

// ---- progress ----------------------------------------------------------------------------------------------------

/** Tells a person what is being waited for; `done` counts up to `total` where it is known. */
export type Progress = (step: string, done?: number, total?: number) => void;

export type { Place };
