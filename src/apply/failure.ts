// What went wrong with single objects, said once for all of them.
import { type ErrorKind, type Place, SluiceError } from '../errors.ts';

/** One object that could not be written, looked at or deleted. */
export interface ObjectFailure {
  readonly id: string;
  /** `Deployment/a-dev/web` */
  readonly label: string;
  /** Where it stands in its source, if that is known. */
  readonly place: Place | undefined;
  /** Already free of secret values. */
  readonly error: SluiceError;
}

/** The most characters of a message: what Flux lets a condition hold. */
export const longestMessage = 20_000;

const spareForTheRest = 200;

/**
 * One error for all of them, in the given order: a line each (`Deployment/a-dev/web (apps/web.yaml:7): …: remedy`), as many as
 * fit into 20,000 characters, and how many more there are. Transient where every one of them is, with the latest `retryAt`.
 * The remedy and place are the first one's.
 */
export function failureOf(
  code: 'deploy.apply' | 'deploy.prune',
  failures: readonly [ObjectFailure, ...ObjectFailure[]],
  headline: string,
): SluiceError {
  const lines = failures.map(lineOf);
  let message = headline;
  let shown = 0;
  for (const line of lines) {
    if (message.length + line.length + 1 > longestMessage - spareForTheRest) break;
    message += `\n${line}`;
    shown += 1;
  }
  const hidden = lines.length - shown;
  if (hidden > 0) message += `\n… and ${hidden} more, not shown because the message would be too long`;
  const [first] = failures;
  const retryAt = latest(failures);
  return new SluiceError(code, message, {
    kind: kindOf(failures),
    place: first.place,
    remedy: first.error.remedy,
    cause: first.error,
    ...(retryAt === undefined ? {} : { retryAt }),
  });
}

function kindOf(failures: readonly ObjectFailure[]): ErrorKind {
  const kinds = new Set(failures.map(({ error }) => error.kind));
  if (kinds.has('terminal')) return 'terminal';
  return kinds.has('notReady') ? 'notReady' : 'transient';
}

function latest(failures: readonly ObjectFailure[]): Date | undefined {
  const times = failures.flatMap(({ error }) => (error.retryAt === undefined ? [] : [error.retryAt]));
  return times.length === 0 ? undefined : new Date(Math.max(...times.map((time) => time.getTime())));
}

function lineOf({ label, place, error }: ObjectFailure): string {
  const where =
    place === undefined ? '' : ` (${place.line === undefined ? place.file : `${place.file}:${place.line}`})`;
  const remedy = error.remedy === undefined ? '' : `; ${error.remedy}`;
  return `${label}${where}: ${error.code}: ${short(error.message)}${short(remedy)}`;
}

const longestLine = 2000;

function short(text: string): string {
  return text.length <= longestLine
    ? text
    : `${text.slice(0, longestLine)}… (${text.length - longestLine} more characters)`;
}
