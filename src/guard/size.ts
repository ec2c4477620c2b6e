// tenant/metadata, third part: what is too large for the API server or for etcd.
import { isMapping, mapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import type { Found } from './candidate.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** etcd's default limit on one request (`--max-request-bytes`). */
const largestObject = 1.5 * mebibyte;
/** apimachinery, `TotalAnnotationSizeLimitB`. */
const largestAnnotations = 256 * kibibyte;
/** `MaxSecretSize`, and the same for ConfigMaps. */
const largestData = mebibyte;

/** Limits that the API server holds, said before it is asked. Sizes are bytes of UTF-8; base64 counts decoded. */
export function oversized(object: KubeObject, group: string): Found[] {
  const found: Found[] = [];
  const whole = JSON.stringify(object);
  // A UTF-16 unit is at most three bytes, so most objects need not be counted.
  if (whole.length * 3 > largestObject) {
    add(found, bytes(whole), largestObject, 'the object', 'split it up, or keep large files outside the cluster');
  }
  const { annotations } = object.metadata;
  const annotated = Object.entries(mapping(annotations)).map(([key, value]) => bytes(key) + textSize(value));
  add(found, sum(annotated), largestAnnotations, 'metadata.annotations', 'take the largest annotations out');
  if (group === '' && (object.kind === 'ConfigMap' || object.kind === 'Secret')) {
    add(found, dataSize(object), largestData, 'data', 'split it up, or keep large files outside the cluster');
  }
  return found;
}

function add(found: Found[], size: number, limit: number, what: string, remedy: string): void {
  if (size <= limit) return;
  const path = what === 'the object' ? [] : what.split('.');
  found.push({ message: `${what} has ${shown(size)}; the limit is ${shown(limit)}`, remedy, path });
}

function dataSize(object: KubeObject): number {
  const encoded = object.kind === 'Secret' ? ['data'] : ['binaryData'];
  const plain = object.kind === 'Secret' ? ['stringData'] : ['data'];
  const decodedSizes = encoded.flatMap((field) => values(object[field]).map((value) => (textSize(value) / 4) * 3));
  return sum([...decodedSizes, ...plain.flatMap((field) => values(object[field]).map(textSize))]);
}

function values(map: unknown): unknown[] {
  return isMapping(map) ? Object.values(map) : [];
}

function textSize(value: unknown): number {
  return typeof value === 'string' ? bytes(value) : 0;
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** `1.5 MiB`, `300 KiB` */
function shown(size: number): string {
  const [unit, name] = size >= mebibyte ? [mebibyte, 'MiB'] : [kibibyte, 'KiB'];
  return `${Math.ceil((size / unit) * 10) / 10} ${name}`;
}
