import { describe, expect, it } from 'vitest';
import { readLockdown } from '../../../src/fleet/lockdown.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const controller = (name: string, container: object, apiVersion = 'apps/v1', kind = 'Deployment'): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'flux-system' },
  spec: { template: { spec: { containers: [container] } } },
});
const instance = (cluster: object): object => ({
  apiVersion: 'fluxcd.controlplane.io/v1',
  kind: 'FluxInstance',
  metadata: { name: 'flux', namespace: 'flux-system' },
  spec: { cluster },
});
const read = (...objects: object[]) =>
  readLockdown(objects.map((object) => ({ object: object as KubeObject, sources: [] })));

describe('readLockdown', () => {
  it.each<{ title: string; args: unknown[]; account?: string; across?: boolean }>([
    { title: 'nothing', args: [] },
    { title: 'a value after =', args: ['--default-service-account=x'], account: 'x' },
    { title: 'a value of its own', args: ['--default-service-account', 'x'], account: 'x' },
    { title: 'no value', args: ['--default-service-account='] },
    { title: 'the last one', args: ['--default-service-account=x', '--default-service-account=y'], account: 'y' },
    { title: 'another flag that begins alike', args: ['--default-service-accounts=x'] },
    { title: 'a bare switch', args: ['--no-cross-namespace-refs'], across: true },
    { title: 'a switch turned on', args: ['--no-cross-namespace-refs=True'], across: true },
    { title: 'a switch turned on and off', args: ['--no-cross-namespace-refs', '--no-cross-namespace-refs=false'] },
    { title: 'what is no text', args: [1, null, { a: 1 }] },
  ])('reads $title as pflag does', ({ args, account, across = false }) => {
    const found = read(controller('kustomize-controller', { args }));
    expect(found.defaultServiceAccount).toBe(account);
    expect(found.noCrossNamespaceRefs).toBe(across);
    expect(found.helmServiceAccount).toBeUndefined();
  });

  it('reads each controller for itself, from command and args', () => {
    const found = read(
      controller('kustomize-controller', { command: ['manager', '--default-service-account=k'] }),
      controller('helm-controller', { args: ['--default-service-account=h', '--no-cross-namespace-refs=true'] }),
    );
    expect(found).toMatchObject({ defaultServiceAccount: 'k', helmServiceAccount: 'h', noCrossNamespaceRefs: false });
  });

  it.each([
    {
      title: 'of another kind',
      object: controller('kustomize-controller', { args: ['--default-service-account=x'] }, 'v1', 'Pod'),
    },
    {
      title: 'of another group',
      object: controller('kustomize-controller', { args: ['--default-service-account=x'] }, 'acme.io/v1'),
    },
    {
      title: 'of another name',
      object: controller('my-kustomize-controller', { args: ['--default-service-account=x'] }),
    },
  ])('takes no flag from something $title', ({ object }) => {
    expect(read(object).defaultServiceAccount).toBeUndefined();
  });

  it('takes a FluxInstance that locks its tenants in at its word', () => {
    const locked = { noCrossNamespaceRefs: true, noRemoteBases: true };
    expect(read(instance({ multitenant: true }))).toMatchObject({
      ...locked,
      defaultServiceAccount: 'default',
      helmServiceAccount: 'default',
    });
    expect(read(instance({ multitenant: true, tenantDefaultServiceAccount: 'flux' }))).toMatchObject({
      defaultServiceAccount: 'flux',
    });
    expect(read(instance({ multitenant: 'true' }))).toMatchObject({ noCrossNamespaceRefs: false });
    expect(read(instance({})).defaultServiceAccount).toBeUndefined();
  });
});
