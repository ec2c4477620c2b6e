import { describe, expect, it } from 'vitest';
import { limitsOf, limitsSchema } from '../../../src/policy/limits.ts';
import { weigh } from '../../../src/policy/verdict.ts';

describe('limitsSchema', () => {
  it.each([
    {},
    { registries: ['ghcr.io/acme', 'registry.example.com:5000', 'docker.io/library'] },
    { hosts: { acme: ['acme.example.com', '*.apps.example.com'], other: [] } },
    { secretStores: [{ name: 'vault' }, { name: 'aws', keys: ['prod/{tenant}/'] }] },
  ])('takes %j', (value) => {
    expect(limitsSchema.parse(value)).toEqual(value);
  });

  it.each([
    { registry: [] },
    { registries: ['https://ghcr.io'] },
    { registries: ['GHCR.io'] },
    { hosts: { acme: ['Acme.example.com'] } },
    { hosts: { acme: ['.example.com'] } },
    { hosts: { acme: ['*'] } },
    { hosts: { acme: ['example.com.'] } },
    { hosts: { acme: ['аcme.example.com'] } },
    { secretStores: ['vault'] },
    { secretStores: [{ name: 'vault', keys: [''] }] },
    { secretStores: [{ name: 'vault', keys: [] }] },
  ])('refuses %j', (value) => {
    expect(limitsSchema.safeParse(value).success).toBe(false);
  });
});

describe('limitsOf', () => {
  it('is silent where nothing is configured, but for keys of shared stores', () => {
    expect(limitsOf({}, 'acme')).toEqual({
      registries: null,
      hosts: null,
      secretStores: [{ name: '*', keys: ['acme/'] }],
    });
  });

  it('holds no other tenant’s part', () => {
    const limits = limitsOf({ hosts: { acme: ['acme.example.com'], other: ['other.example.com'] } }, 'acme');
    expect(limits.hosts).toEqual(['acme.example.com']);
    expect(JSON.stringify(limits)).not.toContain('other');
  });

  it.each(['nobody', '__proto__', 'constructor'])('gives tenant %s no hosts where others have some', (tenant) => {
    expect(limitsOf({ hosts: { acme: ['acme.example.com'] } }, tenant).hosts).toEqual([]);
  });

  it('fills the tenant in', () => {
    const { secretStores } = limitsOf(
      { secretStores: [{ name: 'aws', keys: ['prod/{tenant}/', '{tenant}-'] }, { name: 'vault' }] },
      'a$&',
    );
    expect(secretStores).toEqual([
      { name: 'aws', keys: ['prod/a$&/', 'a$&-'] },
      { name: 'vault', keys: ['a$&/'] },
    ]);
  });

  it('knows nothing of the platform', () => {
    expect(limitsOf({ hosts: {}, registries: ['ghcr.io'] }, null)).toEqual({
      registries: ['ghcr.io'],
      hosts: null,
      secretStores: [],
    });
  });
});

describe('weigh', () => {
  const deny = { rule: 'image/tag', severity: 'deny', message: 'm' } as const;
  const own = { ...deny, rule: 'team/label' };
  const shipped = new Set(['image/tag']);

  it('lets shipped denies advise the platform, and the platform’s own bind it', () => {
    expect(weigh([deny, own], shipped, true).map((finding) => finding.severity)).toEqual(['warn', 'deny']);
  });

  it('binds tenants', () => {
    expect(weigh([deny, own], shipped, false)).toEqual([deny, own]);
  });
});
