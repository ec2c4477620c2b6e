// Log lines: JSON, one a decision, nothing secret, nothing long, nothing that looks like another line.
import { type DestinationStream, type Logger, pino } from 'pino';
import { SluiceError } from '../../errors.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import { outputTo } from './output.ts';
import { createScrubber, type Scrubber } from './scrub.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly secrets?: readonly string[];
  /** @defaultValue standard output */
  readonly destination?: DestinationStream;
}

/** Longer texts are cut at this many characters. */
const maxText = 2_000;
/** Longer ones are not even looked at. */
const maxScrubbed = 256 * 1024;
const maxItems = 50;
const maxDepth = 4;

export function createLog({ level, secrets = [], destination }: LogOptions): Log {
  const scrubber = createScrubber(secrets);
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // The last gate: whatever got into a line by another way.
    hooks: { streamWrite: (line: string) => visible(scrubber.scrub(line)) },
  };
  return wrap(pino(options, destination ?? outputTo(1)), scrubber, {});
}

function wrap(logger: Logger, scrubber: Scrubber, every: LogFields): Log {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields = {}): void => {
    if (logger.isLevelEnabled(level))
      logger[level](safeFields({ ...every, ...fields }, scrubber), safeText(message, scrubber));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    with: (fields) => wrap(logger, scrubber, { ...every, ...fields }),
    hide: (secret) => scrubber.register(secret),
  };
}

function safeFields(fields: LogFields, scrubber: Scrubber): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, safe(value, scrubber, 0)]),
  );
}

function safe(value: unknown, scrubber: Scrubber, depth: number): unknown {
  if (typeof value === 'string') return safeText(value, scrubber);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '(a function)';
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return safe(described(value), scrubber, depth);
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (depth === maxDepth) return '…';
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => safe(item, scrubber, depth + 1));
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(entries.map(([key, item]) => [safeText(key, scrubber), safe(item, scrubber, depth + 1)]));
}

/** A SluiceError's words; another error's first line and where it came from, for whoever repairs it. */
function described(error: Error): Record<string, unknown> {
  if (!(error instanceof SluiceError)) return { name: error.name, message: error.message, stack: error.stack };
  const { code, kind, message, retryAt, place, cause } = error;
  const internal = code === 'internal' ? { stack: cause instanceof Error ? cause.stack : error.stack } : {};
  return {
    code,
    kind,
    message,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(place === undefined ? {} : { place }),
    ...internal,
  };
}

function safeText(text: string, scrubber: Scrubber): string {
  if (text.length > maxScrubbed) return `(${text.length} characters)`;
  const clean = scrubber.scrub(text);
  return clean.length <= maxText ? clean : `${clean.slice(0, maxText)}… (${clean.length} characters)`;
}

/** JSON has escaped what is below U+0020; terminals also obey C1 controls, and readers bidirectional ones. */
function visible(line: string): string {
  return line.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
