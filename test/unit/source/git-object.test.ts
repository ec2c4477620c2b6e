import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { objectId, parseCommit, parseTag, parseTree } from '../../../src/source/git-object.ts';
import { defaultLimits } from '../../../src/source/limits.ts';

const oid = 'ab'.repeat(20);
const tree = (...entries: [string, string][]): Buffer =>
  Buffer.concat(entries.flatMap(([mode, name]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]));
const parse = (raw: Buffer, entries = 100): ReadonlyMap<string, unknown> =>
  parseTree('t', raw, { ...defaultLimits, entries });

function code(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof SluiceError ? error.code : String(error);
  }
  return undefined;
}

test('ids are those of Git', () => {
  expect(objectId('blob', Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  expect(objectId('tree', Buffer.alloc(0))).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
});

describe('trees', () => {
  test('entries come sorted by name, bytewise', () => {
    const names = [
      ...parse(
        tree(['100644', 'b'], ['40000', 'a'], ['100644', 'a-b'], ['100644', '\ue000'], ['100644', '\u{1f600}']),
      ).keys(),
    ];
    expect(names).toEqual(['a', 'a-b', 'b', '\ue000', '\u{1f600}']);
  });

  test('limits and damage', () => {
    expect(code(() => parse(tree(['100644', 'a'], ['100644', 'b'], ['100644', 'c']), 2))).toBe('source.tooMany');
    for (const cut of [1, 5, 10, 27])
      expect(code(() => parse(tree(['100644', 'a']).subarray(0, cut)))).toBe('source.corrupt');
    expect(code(() => parse(tree(['10x644', 'a'])))).toBe('source.corrupt');
    expect(parse(Buffer.alloc(0)).size).toBe(0);
  });

  test('a name is no key of Object.prototype', () => {
    const listing = parse(tree(['100644', '__proto__'], ['100644', 'constructor']));
    expect(listing.get('__proto__')).toEqual({ type: 'file', oid });
    expect(listing.get('toString')).toBeUndefined();
  });
});

describe('commits and tags', () => {
  const who = 'A <a@example.com> 1700000000 +0100';
  const commit = (text: string): unknown => parseCommit('c', Buffer.from(text));

  test('what a commit says', () => {
    const text = `tree ${oid}\nparent ${oid}\nparent ${oid}\nauthor ${who}\ncommitter ${who}\ngpgsig x\n tree y\n\ntree z\n`;
    expect(commit(text)).toEqual({ tree: oid, parents: [oid, oid], time: 1_700_000_000 });
    expect(commit(`tree ${oid}\nauthor nobody\ncommitter nobody\n`)).toEqual({ tree: oid, parents: [], time: 0 });
  });

  test.each([
    '',
    `tree ${oid}`,
    `tree ${oid}x\nauthor ${who}\ncommitter ${who}\n\n`,
    `tree ${oid}\nauthor ${who}\nparent ${oid}\ncommitter ${who}\n\n`,
    `tree ${oid}\nauthor ${who}\ncommitter ${who}\ncommitter ${who}\n\n`,
    `tree ${oid}\r\nauthor ${who}\r\ncommitter ${who}\r\n\r\n`,
  ])('%j is none', (text) => {
    expect(code(() => commit(text))).toBe('source.corrupt');
  });

  test('what a tag says', () => {
    expect(parseTag('t', Buffer.from(`object ${oid}\ntype commit\ntag v1\n\nmessage`))).toEqual({
      object: oid,
      type: 'commit',
    });
    expect(code(() => parseTag('t', Buffer.from(`object ${oid}\nobject ${oid}\ntype commit\n\n`)))).toBe(
      'source.corrupt',
    );
    expect(code(() => parseTag('t', Buffer.from(`object ${oid}\ntype commit\ntype blob\n\n`)))).toBe('source.corrupt');
  });
});
