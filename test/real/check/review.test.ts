import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary, configMap, type Files, platformFiles, reads, TestFleet, urlOf, yaml } from './fleet.ts';

/** Two clusters that apply the same overlay, with a variable from Git, one from a Secret, and one that differs. */
function twoClusters(): Files {
  const base = platformFiles['clusters/prod/tenants.yaml'] as string;
  const variables = (region: string) => ({
    postBuild: {
      substitute: { region },
      substituteFrom: [
        { kind: 'Secret', name: 'vars' },
        { kind: 'ConfigMap', name: 'shared' },
      ],
    },
  });
  const cluster = (region: string): string =>
    [
      base,
      yaml(
        configMap('shared', 'a-dev', { team: 'blue' }),
        ...reads('a-dev', 'plain', urlOf('a'), { path: './plain' }),
        ...reads('a-dev', 'vars', urlOf('a'), { path: 'vars', ...variables(region) }),
      ),
    ].join('\n---\n');
  return { 'clusters/eu/tenants.yaml': cluster('eu-west-1'), 'clusters/us/tenants.yaml': cluster('us-east-1') };
}

describe('a tenant on two clusters', () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = await TestFleet.create(twoClusters());
    await fleet.a.write({
      'plain/app.yaml': yaml(configMap('plain', 'a-dev')),
      'vars/app.yaml': yaml(configMap('vars', 'a-dev', { region: '${region}' })),
      'secret/secret.yaml': '',
    });
    await fleet.a.commit('two more parts');
  });
  afterAll(() => fleet.close());

  it('passes a good change, with the file and line of each change', async () => {
    const change = {
      'plain/app.yaml':
        '# ours\n---\n# the map\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\n  namespace: a-dev\ndata:\n  key: other\n',
    };
    await fleet.a.write(change);
    const { exit, report } = await fleet.check(fleet.a);
    await fleet.a.write({ 'plain/app.yaml': yaml(configMap('plain', 'a-dev')) });
    expect(exit).toBe(0);
    expect(report?.verdict).toBe('pass');
    expect(report?.clusters.map(({ name }) => name)).toEqual(['eu', 'us']);
    expect(report?.changes).toHaveLength(1);
    expect(report?.changes[0]).toMatchObject({
      action: 'configured',
      object: 'ConfigMap/a-dev/plain',
      clusters: ['eu', 'us'],
      file: 'plain/app.yaml',
      line: 10,
    });
  });

  it('shows apart what differs by cluster, and names the values that only the cluster has', async () => {
    await fleet.a.write({
      'vars/app.yaml': yaml(
        configMap('vars', 'a-dev', { region: 'in ${region}', team: '${team}', password: '${password}' }),
      ),
    });
    const { exit, report, output } = await fleet.check(fleet.a);
    await fleet.a.write({ 'vars/app.yaml': yaml(configMap('vars', 'a-dev', { region: '${region}' })) });
    expect(exit).toBe(0);
    expect(report?.changes.map(({ clusters }) => clusters)).toEqual([['eu'], ['us']]);
    expect(report?.changes[0]?.diff).toContain('in eu-west-1');
    expect(report?.changes[0]?.diff).toContain('blue');
    expect(report?.unknowns).toContainEqual({
      what: 'substituteFrom Secret a-dev/vars',
      effect: expect.stringContaining('${password}') as string,
    });
    expect(output).toContain('${password}');
  });

  it('renders nothing for a change outside every path', async () => {
    await fleet.check(fleet.a);
    const { renderer } = await fleet.toolbox.tools(() => {});
    const before = renderer.counters.builds;
    await fleet.a.write({ 'README.md': '# hello', 'elsewhere/app.yaml': yaml(configMap('x', 'kube-system')) });
    const { exit, report } = await fleet.check(fleet.a);
    await fleet.a.remove(['README.md', 'elsewhere']);
    expect(exit).toBe(0);
    expect(report?.clusters).toEqual([]);
    expect(renderer.counters.builds - before).toBe(0);
  });

  it('keeps every value of a Secret out of everything it writes', async () => {
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'a-dev' },
      stringData: { password: value },
    });
    const kustomization = yaml({
      resources: ['secret.yaml'],
      secretGenerator: [{ name: 'g', namespace: 'a-dev', literals: [`token=${canary}-generated`] }],
    });
    await fleet.a.write({ 'plain/secret.yaml': yaml(secret(`${canary}-before`)) });
    await fleet.a.commit('with a secret');
    await fleet.a.write({
      'plain/secret.yaml': yaml(secret(`${canary}-after`)),
      'plain/kustomization.yaml': kustomization,
    });
    const { report, output } = await fleet.check(fleet.a);
    await fleet.a.write({ 'plain/secret.yaml': `${yaml(secret(`${canary}-broken`))}\n---\n{ kind: [ ` });
    const broken = await fleet.check(fleet.a);
    await fleet.a.remove(['plain/secret.yaml', 'plain/kustomization.yaml']);
    await fleet.a.commit('without it');
    expect(report?.changes.map(({ object }) => object)).toEqual(
      expect.arrayContaining([expect.stringContaining('Secret/a-dev/')]),
    );
    expect(output).toContain('***');
    expect(output).not.toContain(canary);
    expect(broken.exit).toBe(2);
    expect(broken.output).not.toContain(canary);
    expect(output).not.toContain(Buffer.from(canary).toString('base64').slice(0, 12));
  });

  it('calls a repository that no cluster reads by its name, and passes', async () => {
    const { exit, report } = await fleet.check(fleet.a, '--as', 'https://github.com/acme/unknown');
    expect(exit).toBe(0);
    expect(report?.notes.join(' ')).toContain('https://github.com/acme/unknown');
  });
});
