import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/object/object.ts';
import { compare, manifest, secret, shown } from './manifests.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const enc = (data: string): string => `ENC[AES256_GCM,data:${data},iv:aXY=,tag:dGFn,type:str]`;

function diffOf(before: { readonly [key: string]: Json }, after: { readonly [key: string]: Json }): string | undefined {
  return compare([secret(before)], [secret(after)]).changes[0]?.diff;
}

describe('shapes of a Secret', () => {
  it.each<[string, { readonly [key: string]: Json }]>([
    ['data', { data: { password: base64('hunter2-canary') } }],
    ['stringData', { stringData: { password: 'hunter2-canary' } }],
    ['both', { data: { password: base64('hunter2') }, stringData: { password: 'hunter2-canary' } }],
    ['invalid base64', { data: { password: 'hunter2-canary!' } }],
    ['a number', { data: { password: 20_221_031 } }],
    ['a boolean', { data: { password: true, other: 'aHVudGVyMi1jYW5hcnk=' } }],
    ['a list', { data: { password: ['hunter2-canary'] } }],
    ['a map', { data: { password: { deep: 'hunter2-canary' } } }],
    ['null data', { data: null, stringData: { password: 'hunter2-canary' } }],
    ['data as a text', { data: 'hunter2-canary' }],
    ['data as a list', { data: ['hunter2-canary'] }],
    ['stringData as a text', { stringData: 'hunter2-canary', data: { a: base64('hunter2-canary') } }],
    ['an unknown field', { binaryData: { password: base64('hunter2-canary') } }],
    ['immutable', { immutable: true, data: { password: base64('hunter2-canary') } }],
    ['binary', { data: { password: Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 4, 5]).toString('base64') } }],
    ['many lines', { stringData: { password: 'first line\nhunter2-canary\nlast' } }],
  ])('%s shows no value when new, changed or gone', (_name, fields) => {
    const canary = /hunter2|aHVudGVy|20221031|\/\/4AAQ/;
    const other = secret({ data: { unrelated: base64('something else') } });
    for (const [base, head] of [
      [[], [secret(fields)]],
      [[secret(fields)], []],
      [[secret(fields)], [other]],
      [[other], [secret(fields)]],
    ] as const) {
      const text = shown(compare(base, head));
      expect(text).not.toMatch(canary);
      expect(text).toContain('***');
    }
  });

  it('says which key changed and keeps equality', () => {
    expect(
      diffOf({ data: { a: base64('one'), b: base64('same') } }, { data: { a: base64('two'), b: base64('same') } }),
    ).toBe('@@ data @@\n   name: db\n   namespace: a-dev\n data:\n-  a: *** (before)\n+  a: *** (after)\n   b: ***');
  });

  it.each<[string, Json, Json]>([
    ['data to stringData', { data: { a: base64('one') } }, { stringData: { a: 'one' } }],
    ['stringData over data', { data: { a: base64('old') }, stringData: { a: 'one' } }, { data: { a: base64('one') } }],
    ['line breaks in base64', { data: { a: 'b25l\n' } }, { data: { a: 'b25l' } }],
    ['null and empty', { data: { a: null } }, { data: { a: '' } }],
  ])('%s is no change', (_name, before, after) => {
    const result = compare([secret(before as {})], [secret(after as {})]);
    expect(result).toEqual({ changes: [], unchanged: 1 });
  });

  it('has one width for every length', () => {
    const short = compare([], [secret({ data: { a: base64('x') } })]);
    const long = compare([], [secret({ data: { a: base64('x'.repeat(100_000)) } })]);
    expect(short).toEqual(long);
  });

  it('is found inside other objects and under any spelling of its kind', () => {
    const inner = { apiVersion: 'v1', kind: 'SECRET', metadata: { name: 'x' }, data: { a: base64('hunter2-canary') } };
    const text = shown(compare([], [manifest('Object', { spec: { forProvider: { manifest: inner } } })]));
    expect(text).toContain('a: ***');
    expect(text).not.toContain('aHVudGVy');
  });
});

describe('other places of secrets', () => {
  it.each<[string, ReturnType<typeof manifest>]>([
    ['SealedSecret template', manifest('SealedSecret', { spec: { template: { data: { a: 'hunter2-canary' } } } })],
    ['SealedSecret value', manifest('SealedSecret', { spec: { encryptedData: { a: 'hunter2-canary' } } })],
    [
      'ExternalSecret template',
      manifest('ExternalSecret', { spec: { target: { template: { data: { a: 'hunter2-canary' } } } } }),
    ],
    [
      'fake store',
      manifest('SecretStore', { spec: { provider: { fake: { data: [{ key: 'k', value: 'hunter2-canary' }] } } } }),
    ],
    [
      'SopsSecret',
      manifest('SopsSecret', { spec: { secretTemplates: [{ name: 'x', stringData: { a: 'hunter2-canary' } }] } }),
    ],
    [
      'environment',
      manifest('Pod', {
        spec: { containers: [{ name: 'a', env: [{ name: 'DB_PASSWORD', value: 'hunter2-canary' }] }] },
      }),
    ],
    ['a key by its name', manifest('HelmRelease', { spec: { values: { auth: { adminPassword: 'hunter2-canary' } } } })],
    ['an address', manifest('ConfigMap', { data: { url: 'postgres://me:hunter2-canary@db/x' } })],
    ['a private key', manifest('ConfigMap', { data: { a: '-----BEGIN EC PRIVATE KEY-----\nhunter2-canary\n' } })],
  ])('%s', (_name, object) => {
    const text = shown(compare([], [object]));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('***');
  });

  it('last-applied-configuration, on both sides', () => {
    const withAnnotation = (value: string): ReturnType<typeof manifest> => {
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"a":"${value}"}}` };
      const { object, sources } = manifest('ConfigMap', { data: {} });
      return { object: { ...object, metadata: { ...object.metadata, annotations } }, sources };
    };
    const text = shown(compare([withAnnotation('hunter2-one')], [withAnnotation('hunter2-two')]));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('*** (after)');
  });

  it('encrypted values show that they changed', () => {
    const sops = (data: string): { readonly [key: string]: Json } => ({
      data: { a: enc(data), b: enc('same') },
      sops: { mac: enc(`mac-${data}`), age: [{ recipient: 'age1xyz', enc: `-----BEGIN AGE-----\n${data}` }] },
    });
    const diff = diffOf(sops('b25l'), sops('dHdv')) ?? '';
    expect(diff).toContain('-  a: *** (encrypted, before)\n+  a: *** (encrypted, after)\n   b: *** (encrypted)');
    expect(diff).toContain('recipient: age1xyz');
    expect(diff).not.toMatch(/b25l|dHdv|ENC\[/);
  });

  it.each(['${DB_PASSWORD}', '$(DB_PASSWORD)', '{{ .password }}', ''])('shows the reference %j', (value) => {
    const [change] = compare([], [manifest('HelmRelease', { spec: { password: value } })]).changes;
    expect(change?.diff).toContain(value === '' ? "password: ''" : value);
  });

  it('tells a masked value from a literal that looks like it', () => {
    const plain = manifest('HelmRelease', { spec: { password: '***' } });
    const real = manifest('HelmRelease', { spec: { password: 'hunter2-canary' } });
    expect(compare([plain], [real]).changes).toHaveLength(1);
    expect(compare([plain], [real]).changes[0]?.diff).toMatch(/\(before\)[\s\S]*\(after\)/);
  });
});

describe('values of Secrets elsewhere', () => {
  const value = 'hunter2/canary+x';
  const held = secret({ data: { password: base64(value) } });
  it.each<[string, string]>([
    ['bare', value],
    ['inside a sentence', `x=${value};`],
    ['base64', base64(value)],
    ['base64url', Buffer.from(value).toString('base64url')],
    ['inside a longer base64', base64(`user:${value}:rest`)],
    ['inside base64, shifted by one', base64(`u${value}rest`)],
    ['URL-encoded', encodeURIComponent(value)],
    ['JSON', JSON.stringify({ v: value })],
    ['reversed', Array.from(value).toReversed().join('')],
    ['hexadecimal', Buffer.from(value).toString('hex')],
  ])('%s', (_name, copy) => {
    const object = manifest('ConfigMap', { data: { copy } });
    const canary = /hunter2|canary|yrann?ac|aHVudGVyMi9jYW5h|68756e74|h1bnRlcjIvY2FuYXJ|dW50ZXIyL2NhbmFye/;
    for (const [base, head] of [
      [[held], [object]],
      [[], [held, object]],
    ] as const) {
      expect(shown(compare(base, head))).not.toMatch(canary);
    }
  });

  it('scrubs each line of a long value, and what a line assigns', () => {
    const file = secret({ stringData: { env: 'USER=someone\nAPI=zebra-crossing\n' } });
    const object = manifest('ConfigMap', { data: { a: 'say zebra-crossing', b: 'API=zebra-crossing' } });
    expect(shown(compare([], [file, object]))).not.toContain('zebra');
  });

  it('scrubs keys and annotations, and keeps keys apart', () => {
    const { object, sources } = manifest('ConfigMap', { data: { 'alpha-secret': '1', 'beta-secret': '2' } });
    const both = secret({ stringData: { a: 'alpha-secret', b: 'beta-secret' } });
    const annotated = { ...object, metadata: { ...object.metadata, annotations: { note: 'alpha-secret' } } };
    const text = shown(compare([], [both, { object: annotated, sources }]));
    expect(text).not.toMatch(/alpha|beta/);
    expect(text).toContain("'*** (2)': '2'");
  });

  it('shows a change between two hidden values', () => {
    const both = secret({ stringData: { a: 'first-value', b: 'second-value' } });
    const of = (text: string): ReturnType<typeof manifest> => manifest('ConfigMap', { data: { a: `x-${text}` } });
    const { changes } = compare([both, of('first-value')], [both, of('second-value')]);
    expect(changes[0]?.diff).toContain('-  a: x-*** (before)\n+  a: x-*** (after)');
  });

  it('leaves short values alone, unless the build copies Secrets about', () => {
    const short = secret({ stringData: { pin: '4711' } });
    const object = manifest('Thing', {
      name: 'x',
      spec: { number: 4711, text: '4711', inside: 'a 4711 b', part: '71' },
    });
    expect(compare([], [short, object]).changes[1]?.diff).toContain('number: 4711');
    const text = shown(compare([], [short, object], { copiesSecrets: true }));
    expect(text).not.toContain('4711');
  });

  it('shows which Secret a reference points at, and nothing else of it', () => {
    const from = [{ kind: 'Secret', name: 'vars', optional: true, value: 'not-a-field', data: { a: 'hidden-one' } }];
    const object = manifest('Kustomization', { name: 'x', spec: { postBuild: { substituteFrom: from } } });
    const text = shown(compare([], [object]));
    expect(text).toContain('name: vars');
    expect(text).not.toContain('not-a-field');
    expect(text).not.toContain('hidden-one');
  });

  it('hides a value whose Secret the build itself took away', () => {
    const object = manifest('ConfigMap', { name: 'x', data: { pw: 'taken-away', half: 'a taken-away b' } });
    const text = shown(compare([], [object], { copiesSecrets: true, copiedValues: ['taken-away'] }));
    expect(text).toContain('***');
    expect(text).not.toContain('taken-away');
  });

  it('hides parts of a value and names made of it, where the build copies Secrets', () => {
    const pair = secret({ stringData: { auth: 'someone:correcthorse' } });
    const object = manifest('Thing', { name: 'correcthorse', spec: { part: 'correcthorse', other: 'untouched' } });
    const { changes } = compare([], [pair, object], { copiesSecrets: true });
    const text = shown({ changes: changes.map((change) => ({ ...change, id: '' })), unchanged: 0 });
    expect(text).not.toContain('correcthorse');
    expect(text).toContain('untouched');
  });

  it('shows no value of any Secret, whatever it is', () => {
    const word = fc
      .string({ unit: 'binary', minLength: 6, maxLength: 24 })
      .filter((text) => /[^\s*a-z-]/.test(text.trim()) && text.trim().length >= 6);
    fc.assert(
      fc.property(word, word, fc.constantFrom('data', 'stringData'), (one, other, where) => {
        const of = (text: string): ReturnType<typeof secret> =>
          secret({ [where]: { key: where === 'data' ? base64(text) : text } });
        const copy = (text: string): ReturnType<typeof manifest> =>
          manifest('ConfigMap', { data: { copy: `<${text}>` } });
        const { changes } = compare([of(one), copy(one)], [of(other), copy(other)]);
        const copied = changes.find(({ object }) => object.startsWith('ConfigMap'));
        expect(changes.every(({ diff }) => !diff.includes(one) && !diff.includes(other))).toBe(true);
        if (copied !== undefined) expect(copied.diff.replaceAll(/^.[^\n]*copy: /gm, '')).toMatch(/\*\*\*/);
      }),
      { numRuns: 200 },
    );
  });

  it('stays quick when many values share their beginning', () => {
    const data = Object.fromEntries(Array.from({ length: 2_000 }, (_item, index) => [`k${index}`, `aaaaaaaa${index}`]));
    const object = manifest('ConfigMap', { data: { a: 'a'.repeat(200_000) } });
    expect(shown(compare([], [secret({ stringData: data }), object])).length).toBeLessThan(200_000);
  });
});
