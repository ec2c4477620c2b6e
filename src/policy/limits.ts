// `limits` of sluice.yaml: what the shipped rules need to know about this organisation, and one tenant's part of it.
import { z } from 'zod';

const suffix = z
  .string()
  .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'is not a host suffix in lower-case ASCII, such as acme.example.com or *.acme.example.com',
  })
  .max(253);

const prefix = z.string().min(1).max(512);

export const limitsSchema = z
  .strictObject({
    registries: z
      .array(
        z
          .string()
          .regex(/^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(\/[a-z0-9._-]+)*$/, {
            error: 'is not a registry or repository prefix, such as ghcr.io/acme',
          })
          .max(255),
      )
      .optional()
      .describe('Registries and repository prefixes that images may come from: ghcr.io/acme. Absent: any.'),
    hosts: z
      .record(z.string().min(1).max(253), z.array(suffix))
      .optional()
      .describe(
        'Host suffixes by tenant. acme.example.com allows that host and every host below it; *.acme.example.com allows that wildcard too. Absent: hosts are only warned about.',
      ),
    secretStores: z
      .array(z.strictObject({ name: z.string().min(1).max(253), keys: z.array(prefix).min(1).optional() }))
      .optional()
      .describe(
        'ClusterSecretStores that tenants may read, with the remote keys they may ask for; {tenant} stands for the tenant. Default keys: {tenant}/. Absent: any store, keys under {tenant}/.',
      ),
  })
  .describe('What shipped rules know about this organisation.');

export type Limits = z.infer<typeof limitsSchema>;

/** What rules see as `input.limits`: one tenant's part. Null means that sluice.yaml says nothing about it. */
export interface TenantLimits {
  readonly [key: string]:
    | readonly string[]
    | null
    | readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly registries: readonly string[] | null;
  /** Lower-case suffixes; empty where hosts are registered, but none for this tenant. */
  readonly hosts: readonly string[] | null;
  /** Prefixes with `{tenant}` filled in. The store named `*` stands for every store. */
  readonly secretStores: readonly { readonly name: string; readonly keys: readonly string[] }[];
}

/**
 * One tenant's part of the limits; other tenants' hosts are not in it, so that no rule can name them.
 *
 * @param tenant the tenant's name, or null for the platform
 */
export function limitsOf(limits: Limits, tenant: string | null): TenantLimits {
  const hosts = limits.hosts === undefined || tenant === null ? null : (own(limits.hosts, tenant) ?? []);
  const stores = limits.secretStores ?? [{ name: '*' }];
  return {
    registries: limits.registries ?? null,
    hosts,
    secretStores:
      tenant === null
        ? []
        : stores.map((store) => ({
            name: store.name,
            keys: (('keys' in store ? store.keys : undefined) ?? ['{tenant}/']).map((key) =>
              key.replaceAll('{tenant}', () => tenant),
            ),
          })),
  };
}

function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
