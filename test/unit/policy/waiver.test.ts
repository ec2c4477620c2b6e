import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { SluiceError } from '../../../src/errors.ts';
import type { Json } from '../../../src/object/object.ts';
import { applyWaivers, readWaivers, waiverJsonSchema, type WaiverFile } from '../../../src/policy/waiver.ts';
import type { Violation } from '../../../src/report/outcome.ts';

const rules = new Set(['image/tag', 'pod/privileged']);

function file(text: string, name = 'waivers/acme.yaml'): WaiverFile {
  const documents = parseAllDocuments(text).filter((document) => document.toJS() !== null);
  return { file: name, text, documents: documents.map((document) => ({ line: 1, value: document.toJS() as Json })) };
}

const good = `# why
- rule: image/tag
  object: Deployment/acme/web
  reason: the vendor ships latest only
  until: "2026-12-31"
- rule: pod/privileged
  object: DaemonSet/acme/agent
  reason: needs the node's devices
  until: "2026-11-30"
  cluster: prod
  kustomization: acme/apps
`;

function failure(text: string): Partial<SluiceError> {
  try {
    readWaivers([file(text)], rules);
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('it passed');
}

describe('readWaivers', () => {
  it('reads lists and single documents, with their lines', () => {
    const one = 'rule: image/tag\nobject: Job/acme/once\nreason: runs only once\nuntil: "2026-12-31"\n';
    const waivers = readWaivers([file(good), file(`---\n---\n${one}`, 'waivers/one.yaml')], rules);
    expect(waivers.map(({ rule, object, file: name, line }) => [rule, object, name, line])).toEqual([
      ['image/tag', 'Deployment/acme/web', 'waivers/acme.yaml', 2],
      ['pod/privileged', 'DaemonSet/acme/agent', 'waivers/acme.yaml', 6],
      ['image/tag', 'Job/acme/once', 'waivers/one.yaml', 3],
    ]);
    expect(waivers[1]).toMatchObject({ cluster: 'prod', kustomization: 'acme/apps' });
    expect(waivers[0]).not.toHaveProperty('cluster');
  });

  it.each<[string, string, string, number]>([
    ['a guard rule', good.replace('image/tag', 'tenant/identity'), 'config.invalid', 2],
    ['a guard rule of the future', good.replace('image/tag', 'tenant/anything'), 'config.invalid', 2],
    ['a rule that does not exist', good.replace('pod/privileged', 'pod/priviledged'), 'config.invalid', 6],
    [
      'an unknown key',
      good.replace('until: "2026-12-31"', 'until: "2026-12-31"\n  expires: never'),
      'config.unknownKey',
      6,
    ],
    ['no reason', good.replace('reason: the vendor ships latest only', 'reason: ""'), 'config.invalid', 4],
    ['no end', good.replace('  until: "2026-12-31"\n', ''), 'config.invalid', 2],
    ['a date that is none', good.replace('2026-12-31', '2026-02-30'), 'config.invalid', 5],
    ['a time', good.replace('2026-12-31', '2026-12-31T00:00:00Z'), 'config.invalid', 5],
    ['every object', good.replace('Deployment/acme/web', '"*"'), 'config.invalid', 3],
    ['an object without kind', good.replace('Deployment/acme/web', 'web'), 'config.invalid', 3],
    ['text', 'waive everything\n', 'config.invalid', 1],
    [
      'the same twice',
      `${good}${good.slice(good.indexOf('- rule'), good.indexOf('- rule: pod'))}`,
      'config.invalid',
      12,
    ],
  ])('refuses %s', (_, text, code, line) => {
    const error = failure(text);
    expect(error).toMatchObject({ code, place: { file: 'waivers/acme.yaml', line } });
    expect(error.remedy).toBeTruthy();
  });
});

describe('applyWaivers', () => {
  const waivers = readWaivers([file(good)], rules);
  const violation = (rule: string, object: string): Violation => ({
    rule,
    severity: 'deny',
    object,
    file: null,
    line: null,
    message: 'm',
    remedy: null,
    introduced: true,
    waivedUntil: null,
  });
  const scope = { cluster: 'prod', kustomization: 'acme/apps' };
  const tag = violation('image/tag', 'Deployment/acme/web');
  const privileged = violation('pod/privileged', 'DaemonSet/acme/agent');
  const until = (one: Violation, today: string, where = scope): string | null | undefined =>
    applyWaivers([one], where, waivers, today).violations[0]?.waivedUntil;

  it('holds until the end of its last day', () => {
    expect(until(tag, '2026-12-31')).toBe('2026-12-31');
    expect(until(tag, '2027-01-01')).toBeNull();
  });

  it('says which waiver has expired, once', () => {
    const { notes } = applyWaivers([tag, tag], scope, waivers, '2027-01-01');
    expect(notes).toEqual([
      'The waiver of image/tag for Deployment/acme/web (waivers/acme.yaml:2) expired on 2026-12-31.',
    ]);
    expect(applyWaivers([violation('image/tag', 'Deployment/acme/other')], scope, waivers, '2027-01-01').notes).toEqual(
      [],
    );
  });

  it.each([
    ['another object', violation('image/tag', 'Deployment/acme/web2'), scope],
    ['another rule', violation('pod/privileged', 'Deployment/acme/web'), scope],
    ['another case', violation('image/tag', 'deployment/acme/web'), scope],
    ['another cluster', privileged, { ...scope, cluster: 'staging' }],
    ['another Kustomization', privileged, { ...scope, kustomization: 'acme/infra' }],
  ])('does not hold for %s', (_, one, where) => {
    expect(until(one, '2026-10-01', where)).toBeNull();
  });

  it('never waives a guard rule, whatever the list holds', () => {
    const forged = [{ ...waivers[0], rule: 'tenant/identity' }] as typeof waivers;
    const guard = violation('tenant/identity', 'Deployment/acme/web');
    expect(applyWaivers([guard], scope, forged, '2026-10-01').violations[0]?.waivedUntil).toBeNull();
  });
});

it('is described by docs/waiver.schema.json', async () => {
  const path = new URL('../../../docs/waiver.schema.json', import.meta.url);
  const schema = `${JSON.stringify(waiverJsonSchema(), null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] !== undefined) await writeFile(path, schema);
  expect(await readFile(path, 'utf8')).toBe(schema);
});
