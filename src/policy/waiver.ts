// Waivers: reviewed, expiring exceptions in the platform repository's waivers folder.
import { LineCounter, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '../errors.ts';
import { guardRules } from '../guard/guard.ts';
import type { Document } from '../ports.ts';
import type { Violation } from '../report/outcome.ts';

const text = z.string().trim().min(1);

const waiverEntry = z.strictObject({
  rule: text.max(130).describe('Id of the rule: image/tag.'),
  object: text
    .max(600)
    .regex(/^[^/\s]+(\/[^/\s]+){1,2}$/, {
      error: 'must be Kind/namespace/name, or Kind/name where the kind is cluster-scoped',
    })
    .describe('Kind/namespace/name as reports show it: Deployment/acme/web.'),
  reason: text.min(8).max(1000).describe('Why, for whoever reviews and reads it.'),
  until: z.iso.date().describe('Last day (UTC) on which it holds: 2026-12-31.'),
  cluster: text.max(253).optional().describe('Only on this cluster.'),
  kustomization: text
    .max(507)
    .regex(/^[^/\s]+\/[^/\s]+$/, { error: 'must be namespace/name' })
    .optional()
    .describe('Only in this Kustomization: namespace/name.'),
});

/** One document of a file in `waivers/`: a single waiver, or a list of them. */
export const waiverFileSchema = z
  .union([waiverEntry, z.array(waiverEntry).max(1000)])
  .describe('Waivers of rules for objects.');

export interface Waiver {
  readonly rule: string;
  readonly object: string;
  readonly reason: string;
  /** ISO date; the waiver holds to the end of that day, UTC. */
  readonly until: string;
  readonly cluster?: string;
  readonly kustomization?: string;
  readonly file: string;
  readonly line: number;
}

/** One file of the waivers folder: its documents as the renderer parsed them, and its text to find lines in. */
export interface WaiverFile {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly Document[];
}

/**
 * All waivers of the platform repository, in the files' order.
 *
 * @param rules ids of the rules that are in force
 * @throws SluiceError `config.unknownKey` or `config.invalid` with file and line: an unknown key, a rule that does not
 *   exist, a guard rule, the same waiver twice
 */
export function readWaivers(files: readonly WaiverFile[], rules: ReadonlySet<string>): readonly Waiver[] {
  const waivers: Waiver[] = [];
  const seen = new Map<string, Waiver>();
  for (const source of files) {
    for (const [index, document] of source.documents.entries()) {
      for (const waiver of readDocument(source, index, document)) {
        checkRule(waiver, rules);
        const key = JSON.stringify([waiver.rule, waiver.object, waiver.cluster, waiver.kustomization]);
        const first = seen.get(key);
        if (first !== undefined) {
          throw new SluiceError(
            'config.invalid',
            `${waiver.rule} is already waived for ${waiver.object} in ${first.file}:${first.line}`,
            {
              place: waiver,
              remedy: 'keep one of them',
            },
          );
        }
        seen.set(key, waiver);
        waivers.push(waiver);
      }
    }
  }
  return waivers;
}

function readDocument(source: WaiverFile, index: number, document: Document): readonly Waiver[] {
  const { file } = source;
  const list = Array.isArray(document.value) ? (document.value as readonly unknown[]) : undefined;
  const read = (value: unknown, path: readonly (string | number)[]): Waiver => {
    const line = (inner: readonly PropertyKey[]): number => lineOf(source, index, [...path, ...inner]) ?? document.line;
    const parsed = waiverEntry.safeParse(value);
    if (!parsed.success) throw entryError(parsed.error, file, line);
    const { cluster, kustomization, ...fields } = parsed.data;
    const scope = { ...(cluster !== undefined && { cluster }), ...(kustomization !== undefined && { kustomization }) };
    return { ...fields, ...scope, file, line: line([]) };
  };
  return list === undefined ? [read(document.value, [])] : list.map((value, item) => read(value, [item]));
}

function entryError(error: z.ZodError, file: string, line: (path: readonly PropertyKey[]) => number): SluiceError {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (unknown !== undefined) {
    return new SluiceError('config.unknownKey', `unknown key ${JSON.stringify(unknown)} in a waiver`, {
      place: { file, line: line([...path, unknown]) },
      remedy: `known keys are ${Object.keys(waiverEntry.shape).join(', ')}`,
    });
  }
  const where = path.length === 0 ? 'the waiver' : path.join('.');
  return new SluiceError('config.invalid', `${where}: ${issue?.message ?? 'is not valid'}`, {
    place: { file, line: line(path) },
    remedy: 'a waiver is {rule, object, reason, until, cluster?, kustomization?}; see docs/policy.md',
  });
}

function checkRule(waiver: Waiver, rules: ReadonlySet<string>): void {
  if ((guardRules as readonly string[]).includes(waiver.rule) || waiver.rule.startsWith('tenant/')) {
    throw new SluiceError('config.invalid', `guard rule ${waiver.rule} cannot be waived`, {
      place: waiver,
      remedy: 'put the object into the platform repository instead, where it is reviewed as what it is',
    });
  }
  if (!rules.has(waiver.rule)) {
    throw new SluiceError('config.invalid', `there is no rule ${JSON.stringify(waiver.rule)} to waive`, {
      place: waiver,
      remedy: 'correct the id, or remove the waiver',
    });
  }
}

/** The line of the nearest part of the path that is there. */
function lineOf(source: WaiverFile, index: number, path: readonly PropertyKey[]): number | undefined {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source.text, { lineCounter: lines, logLevel: 'silent' });
  const document = Array.isArray(documents) ? documents.filter((one) => one.toJS() !== null)[index] : undefined;
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document?.getIn(path.slice(0, length), true) as
      | { readonly range?: readonly number[] | null }
      | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** Where a violation was found; waivers may be narrower than an object. */
export interface WaiverScope {
  readonly cluster: string;
  /** `namespace/name` */
  readonly kustomization: string;
}

/**
 * The violations of one Kustomization on one cluster with `waivedUntil` set where a waiver holds today, and a note for
 * each waiver that would have matched and has expired. Guard rules are never waived, whatever the list holds.
 *
 * @param today ISO date in UTC, `2026-10-01`
 */
export function applyWaivers(
  violations: readonly Violation[],
  scope: WaiverScope,
  waivers: readonly Waiver[],
  today: string,
): { readonly violations: readonly Violation[]; readonly notes: readonly string[] } {
  const notes = new Set<string>();
  const settled = violations.map((violation): Violation => {
    if (violation.rule.startsWith('tenant/')) return violation;
    const matching = waivers.filter((waiver) => matches(waiver, violation, scope));
    const holding = matching.filter((waiver) => today <= waiver.until).map((waiver) => waiver.until);
    const until = holding.toSorted().at(-1);
    if (until !== undefined) return { ...violation, waivedUntil: until };
    for (const { rule, object, file, line, until: ended } of matching) {
      notes.add(`The waiver of ${rule} for ${object} (${file}:${line}) expired on ${ended}.`);
    }
    return violation;
  });
  return { violations: settled, notes: [...notes].toSorted() };
}

function matches(waiver: Waiver, violation: Violation, scope: WaiverScope): boolean {
  return (
    waiver.rule === violation.rule &&
    waiver.object === violation.object &&
    (waiver.cluster === undefined || waiver.cluster === scope.cluster) &&
    (waiver.kustomization === undefined || waiver.kustomization === scope.kustomization)
  );
}

/** The JSON Schema of a waiver file, for editors: `docs/waiver.schema.json`. */
export function waiverJsonSchema(): object {
  return z.toJSONSchema(waiverFileSchema, { io: 'input' });
}
