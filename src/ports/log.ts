// One line per decision, for programs; secrets are scrubbed by whoever writes it down.

/** What a line is about. Names are the same everywhere, so that one can search for them. */
export interface LogFields {
  /** GitHub's delivery id, or what else asked (`sweep`). */
  readonly delivery?: string | undefined;
  readonly event?: string | undefined;
  readonly installation?: number | undefined;
  /** `owner/name` */
  readonly repository?: string | undefined;
  readonly pull?: number | undefined;
  readonly head?: string | undefined;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line gets. */
  with(fields: LogFields): Log;
  /** Hides a secret from every line from now on. */
  hide(secret: string): void;
}
