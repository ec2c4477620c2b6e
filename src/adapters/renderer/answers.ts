// The renderer's answers, checked before anybody relies on them. Builds are hot and checked by hand.
import { z } from 'zod';
import { type ErrorCode, errorCodes, SluiceError } from '../../errors.ts';
import type { BuiltObject } from '../../object/object.ts';
import type { Build, Document, PolicyRule } from '../../ports.ts';
import { parseExact } from './exact-json.ts';

const known: ReadonlySet<string> = new Set(errorCodes);
const origins: ReadonlySet<unknown> = new Set(['declared', 'generated', 'patch', 'transform']);
const maxMessageChars = 2_000;

/**
 * Returns what stands under `ok` in an answer, exact and frozen.
 * @throws SluiceError the one that the answer carries; `renderer.protocol` for anything else
 */
export function okOf(text: string): unknown {
  const frame = parseExact(text);
  if (isRecord(frame) && isRecord(frame['ok'])) return frame['ok'];
  if (isRecord(frame) && isRecord(frame['error'])) throw errorOf(frame['error']);
  throw protocol('an answer has neither "ok" nor "error"');
}

function errorOf(error: Record<string, unknown>): SluiceError {
  const { code, message, remedy, file, line } = error;
  if (typeof code !== 'string' || !known.has(code) || typeof message !== 'string') {
    return protocol('an error has no code that is known here');
  }
  const place = typeof file === 'string' ? { file, ...(isLine(line) && { line }) } : undefined;
  return new SluiceError(code as ErrorCode, oneLine(message), {
    place,
    remedy: typeof remedy === 'string' ? oneLine(remedy) : undefined,
  });
}

function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, maxMessageChars);
}

export interface BuildAnswer extends Omit<Build, 'digest'> {
  readonly reads: readonly string[];
}

/** @throws SluiceError `renderer.protocol` */
export function buildAnswer(ok: unknown): BuildAnswer {
  if (!isRecord(ok)) throw protocol('a build is no object');
  const { objects, unknownVariables, copiesSecrets, copiedValues = [], reads } = ok;
  if (!Array.isArray(objects) || !objects.every(isBuiltObject))
    throw protocol('a build holds something else than objects');
  if (!isStrings(unknownVariables) || !isStrings(reads) || typeof copiesSecrets !== 'boolean') {
    throw protocol('a build lacks one of unknownVariables, copiesSecrets, reads');
  }
  if (!isStrings(copiedValues)) throw protocol('copiedValues of a build is no list of texts');
  return Object.freeze({ objects, unknownVariables, copiesSecrets, copiedValues, reads });
}

function isBuiltObject(value: unknown): value is BuiltObject {
  if (!isRecord(value) || !isRecord(value['object']) || !Array.isArray(value['sources'])) return false;
  const { apiVersion, kind, metadata } = value['object'];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isRecord(metadata)) return false;
  return value['sources'].length > 0 && value['sources'].every(isSource);
}

function isSource(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return (
    typeof value['file'] === 'string' &&
    isLine(value['line']) &&
    Number.isSafeInteger(value['document']) &&
    origins.has(value['by'])
  );
}

const closureSchema = z.object({ reads: z.array(z.string()), mentionsFlux: z.boolean() });
const documentsSchema = z.object({ documents: z.array(z.object({ line: z.int().positive(), value: z.unknown() })) });
const linesSchema = z.object({
  lines: z.array(z.array(z.object({ line: z.int().nonnegative(), found: z.boolean() }))),
});
const policySchema = z.object({
  wasm: z.base64(),
  rules: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      description: z.string(),
      remedy: z.string().optional(),
      file: z.string(),
    }),
  ),
});

/** @throws SluiceError `renderer.protocol` */
export function closureAnswer(ok: unknown): { readonly reads: readonly string[]; readonly mentionsFlux: boolean } {
  return checked(closureSchema, ok);
}

/** Documents as parsed, values untouched. @throws SluiceError `renderer.protocol` */
export function documentsAnswer(ok: unknown): readonly Document[] {
  checked(documentsSchema, ok);
  return (ok as { documents: readonly Document[] }).documents;
}

/** @throws SluiceError `renderer.protocol` */
export function linesAnswer(ok: unknown): readonly (readonly { line: number; found: boolean }[])[] {
  return checked(linesSchema, ok).lines;
}

/** @throws SluiceError `renderer.protocol` */
export function policyAnswer(ok: unknown): { readonly wasm: Uint8Array; readonly rules: readonly PolicyRule[] } {
  const { wasm, rules } = checked(policySchema, ok);
  return {
    wasm: Uint8Array.from(Buffer.from(wasm, 'base64')),
    rules: rules.map(({ remedy, ...rule }) => (remedy === undefined ? rule : { ...rule, remedy })),
  };
}

function checked<T>(schema: z.ZodType<T>, ok: unknown): T {
  const result = schema.safeParse(ok);
  if (result.success) return result.data;
  throw protocol(`an answer has not the shape agreed on, at ${result.error.issues[0]?.path.join('.') ?? 'its top'}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isLine(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function protocol(what: string): SluiceError {
  return new SluiceError('renderer.protocol', `the renderer broke its protocol: ${what}`, {
    remedy: 'Delete the folder .cache/renderer and try again; if it stays, report it.',
  });
}
