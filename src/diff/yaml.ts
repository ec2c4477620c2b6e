// Prints a manifest as YAML for people to compare: one spelling for each value, Kubernetes' order of keys.
import { trimmedEnd } from '../object/ends.ts';
import type { Json } from '../object/object.ts';
import { isMap, type JsonMap } from './normalise.ts';
import { hasUnseen } from './visible.ts';

/** A key or position on the way from the root to a line; the root itself is undefined. */
export interface YamlPath {
  readonly parent: YamlPath | undefined;
  readonly key: string | number;
  /** The `name` of a list's item. */
  readonly name?: string;
}

export interface YamlLine {
  readonly text: string;
  readonly path: YamlPath;
}

const rootOrder = ['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'data', 'spec'];
const metadataOrder = ['name', 'namespace', 'labels', 'annotations'];
const itemOrder = ['name', 'image'];

/**
 * Prints a manifest as lines of block-style YAML that parse back to the same value. Keys come as `apiVersion`, `kind`,
 * `metadata` (name, namespace, labels, annotations), `spec`, then by alphabet; `name` opens a list's item. Exact
 * numbers print as they were written. Characters that do not show are escaped in double quotes.
 */
export function yamlLines(manifest: JsonMap): readonly YamlLine[] {
  const lines: YamlLine[] = [];
  printMap(manifest, { indent: 0, path: undefined, order: rootOrder, lines });
  return lines;
}

interface At {
  readonly indent: number;
  readonly path: YamlPath | undefined;
  readonly order: readonly string[];
  readonly lines: YamlLine[];
}

/** Prints a map; `lead` opens its first line, for the item of a list. */
function printMap(map: JsonMap, at: At, lead?: string): void {
  let opening = lead;
  for (const key of ordered(map, at.order)) {
    const path: YamlPath = { parent: at.path, key };
    const order = at.path === undefined && key === 'metadata' ? metadataOrder : [];
    const start = `${opening ?? ' '.repeat(at.indent)}${scalarText(key)}:`;
    opening = undefined;
    printValue(map[key] ?? null, start, { ...at, path, order });
  }
}

function printValue(value: Json, start: string, at: At & { readonly path: YamlPath }): void {
  const { lines, path, indent } = at;
  if (isMap(value) && Object.keys(value).length > 0) {
    lines.push({ text: start, path });
    printMap(value, { ...at, indent: indent + 2 });
  } else if (Array.isArray(value) && value.length > 0) {
    lines.push({ text: start, path });
    printList(value, at);
  } else {
    printScalar(value, start, at);
  }
}

function printList(items: readonly Json[], at: At): void {
  for (const [index, item] of items.entries()) {
    const name = isMap(item) && typeof item['name'] === 'string' ? { name: item['name'] } : {};
    const path: YamlPath = { parent: at.path, key: index, ...name };
    const dash = `${' '.repeat(at.indent)}-`;
    if (isMap(item) && Object.keys(item).length > 0) {
      printMap(item, { ...at, indent: at.indent + 2, path, order: itemOrder }, `${dash} `);
    } else if (Array.isArray(item) && item.length > 0) {
      at.lines.push({ text: dash, path });
      printList(item, { ...at, indent: at.indent + 2, path });
    } else {
      printScalar(item, dash, { ...at, path });
    }
  }
}

function printScalar(value: Json, start: string, at: At & { readonly path: YamlPath }): void {
  const { lines, path, indent } = at;
  if (typeof value !== 'string' || !/[^\n]\n|\n[^\n]/.test(value)) {
    lines.push({ text: `${start} ${typeof value === 'string' ? scalarText(value) : plainText(value)}`, path });
    return;
  }
  const pad = ' '.repeat(indent + 2);
  const rows = value.split('\n');
  // Blanks alone at the end of a block are taken for its indentation.
  if (rows.some((row) => hasUnseen(row.replaceAll('\t', ''))) || /(?:^|\n)[ \t]+\n*$/.test(value)) {
    // One escaped line each; the backslash joins them again without the break.
    lines.push({ text: `${start} "\\`, path });
    for (const row of quotedRows(rows)) lines.push({ text: pad + row, path });
    return;
  }
  const tail = value.length - trimmedEnd(value, '\n').length;
  const body = tail > 0 ? rows.slice(0, -1) : rows;
  const indicator = /^[ \n\t]/.test(value) ? '2' : '';
  lines.push({ text: `${start} |${indicator}${['-', ''][tail] ?? '+'}`, path });
  for (const row of body) lines.push({ text: row === '' ? '' : pad + row, path });
}

function quotedRows(rows: readonly string[]): string[] {
  return rows.map((row, index) => {
    const lead = row.startsWith(' ') ? '\\' : '';
    return lead + escapeUnseen(JSON.stringify(row).slice(1, -1)) + (index === rows.length - 1 ? '"' : '\\n\\');
  });
}

function plainText(value: Json): string {
  if (isMap(value)) return '{}';
  return JSON.stringify(value);
}

// Not plain: what YAML 1.1 or 1.2 reads as something else than a string.
const otherType = /^(?:null|true|false|yes|no|on|off|y|n|\.inf|\.nan|\.\d.*)$/i;
const numeral = /^(?:\d+\.\d+\.\d+[\w.+-]*|\d+(?:m|[kKMGT]i?|s|h))$/;
const plain = /^(?:[A-Za-z_/.$(]|-{1,2}[A-Za-z])[\x20-\x7e]*$/;

// A masked value stays bare, as people know it; a tenant's own text of three stars reads the same.
const masked = /^\*{3}(?: \((?:before|after|encrypted(?:, (?:before|after))?)\))?$/;

function scalarText(text: string): string {
  if (masked.test(text)) return text;
  const simple = plain.test(text) && !otherType.test(text) && !/: |:$| #| $|^\.{3}/.test(text);
  if (simple || numeral.test(text)) return text;
  if (!hasUnseen(text)) return `'${text.replaceAll("'", "''")}'`;
  return `"${escapeUnseen(JSON.stringify(text).slice(1, -1))}"`;
}

// JSON has escaped what is below a space; the rest as YAML's own escapes.
function escapeUnseen(text: string): string {
  let result = '';
  for (const character of text) result += hasUnseen(character) ? yamlEscape(character) : character;
  return result;
}

function yamlEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function ordered(map: JsonMap, order: readonly string[]): string[] {
  const keys = Object.keys(map);
  const first = order.filter((key) => Object.hasOwn(map, key));
  return [...first, ...keys.filter((key) => !order.includes(key)).toSorted(bytewise)];
}

function bytewise(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
