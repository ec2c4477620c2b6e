// The one error class of Sluice: a closed code, one of three kinds, and words a person can act on.

/** What a caller does with a failure: retry with back-off, look again later, or tell the person and stop. */
export type ErrorKind = 'transient' | 'notReady' | 'terminal';

/** Where in a source tree something stands. `line` counts from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
}

/** Every code Sluice can answer with. Tests assert codes, so wording stays free to improve. */
export const errorCodes = [
  'usage',
  'internal',
  // the command's own surroundings
  'renderer.unavailable',
  'renderer.protocol',
  // trees
  'source.notRepository',
  'source.refMissing',
  'source.pathMissing',
  'source.symlink',
  'source.submodule',
  'source.name',
  'source.mode',
  'source.duplicate',
  'source.tooLarge',
  'source.tooMany',
  'source.tooDeep',
  'source.corrupt',
  'source.unknown',
  // sluice.yaml, waivers
  'config.parse',
  'config.unknownKey',
  'config.invalid',
  // the fleet
  'fleet.noPlatform',
  'fleet.noCluster',
  'fleet.invalid',
  'fleet.apiVersion',
  'fleet.unsupported',
  'fleet.cycle',
  'fleet.depth',
  'fleet.tooMany',
  'fleet.duplicate',
  'fleet.source',
  // builds (the renderer answers with these)
  'build.remote',
  'build.plugin',
  'build.helm',
  'build.openapi',
  'build.escape',
  'build.pathMissing',
  'build.ambiguous',
  'build.cycle',
  'build.yaml',
  'build.duplicateKey',
  'build.alias',
  'build.encoding',
  'build.object',
  'build.kustomize',
  'build.substitute',
  'build.refused',
  'build.empty',
  'build.tooManyObjects',
  'build.tooLarge',
  'build.timeout',
  'build.memory',
  'build.crash',
  // GitHub and the queue
  'github.denied',
  'github.gone',
  'github.limit',
  'github.unavailable',
  'github.rejected',
  'queue.unavailable',
  'queue.locked',
  'queue.malformed',
  'configuration',
  // the cluster
  'kube.config',
  'kube.identity',
  'kube.path',
  'kube.unauthorized',
  'kube.denied',
  'kube.gone',
  'kube.conflict',
  'kube.invalid',
  'kube.tooLarge',
  'kube.unavailable',
  // deploying
  'deploy.spec',
  'deploy.unsupported',
  'deploy.source',
  'deploy.dependency',
  'deploy.denied',
  'deploy.owned',
  'deploy.deletions',
  'deploy.apply',
  'deploy.prune',
  'deploy.health',
  'deploy.expression',
  'deploy.superseded',
  'deploy.fluxRunning',
  // policy
  'policy.compile',
  'policy.builtin',
  'policy.none',
  'policy.undefined',
  'policy.crashed',
  'policy.timeout',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * The only error class thrown on purpose. `message` is one line that names the thing and never holds a host path, a
 * credential or a Secret's value; `remedy` says what to change; `place` is the file and line to look at.
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly place: Place | undefined;
  readonly remedy: string | undefined;
  /** Transient errors that say when to try again. */
  readonly retryAt: Date | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      kind?: ErrorKind;
      place?: Place | undefined;
      remedy?: string | undefined;
      retryAt?: Date;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.kind = more.kind ?? 'terminal';
    this.place = more.place;
    this.remedy = more.remedy;
    this.retryAt = more.retryAt;
  }
}

/** Returns the error itself when it is ours, and an `internal` one around anything else. */
export function asSluiceError(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SluiceError('internal', `unexpected: ${message}`, { cause: thrown });
}

/** What a log line says of a failure, under the same names everywhere. An error that is not ours brings its stack. */
export type ErrorFacts = {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly reason: string;
  /** `clusters/prod/apps.yaml:4` */
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  /** ISO 8601 */
  readonly retryAt: string | undefined;
  readonly error: SluiceError | undefined;
};

export function factsOf(thrown: unknown): ErrorFacts {
  const error = asSluiceError(thrown);
  const { code, kind, message, place, remedy, retryAt } = error;
  return {
    code,
    kind,
    reason: message,
    place: place === undefined ? undefined : [place.file, place.line].filter((one) => one !== undefined).join(':'),
    remedy,
    retryAt: retryAt?.toISOString(),
    error: code === 'internal' ? error : undefined,
  };
}
