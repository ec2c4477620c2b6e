import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChange } from '../../../examples/changes.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import { createSampleOrganisation, openChange, registerSluice, sampleName } from '../../../lab/organisation.ts';

describe('the sample organisation on the lab', () => {
  let lab: LabGitHub;
  beforeAll(async () => {
    lab = await startGitHub();
    await createSampleOrganisation(lab);
  });
  afterAll(() => lab.stop());

  test('has its change sets as pull requests, with addresses that lead to the lab', async () => {
    const app = await registerSluice(lab, undefined);
    const pull = await openChange(lab, await readChange('01-image-bump'));
    expect(pull).toMatchObject({
      number: 1,
      user: { login: 'carla' },
      pull: { mergeable: true, size: { commits: 1 } },
    });
    const installation = [...lab.world.installations.values()].find((one) => one.app.id === app.id);
    if (installation === undefined) throw new Error('not installed');
    const { token } = lab.tokenOf(installation);
    const path = `${lab.apiUrl}/repos/${sampleName('platform')}/contents/tenants/base/checkout/sync.yaml`;
    const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
    const { content } = (await answer.json()) as { content: string };
    expect(Buffer.from(content, 'base64').toString()).toContain(`${lab.address}/acme/checkout-manifests`);
    await expect(lab.merge(sampleName('checkout'), 1, 'ada')).rejects.toThrow(
      'Required status check "sluice" is expected.',
    );
  });
});
