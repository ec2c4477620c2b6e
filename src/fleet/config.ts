// sluice.yaml in the platform repository's root: optional, strict.
import { z } from 'zod';
import { SluiceError } from '../errors.ts';
import type { FieldPath, Json } from '../object/object.ts';
import { type Limits, limitsSchema } from '../policy/limits.ts';
import type { Renderer, Tree } from '../ports.ts';

const name = z.string().min(1).max(253);
const folder = z.string().min(1).max(1024);

export const configSchema = z
  .strictObject({
    clusters: z
      .array(z.strictObject({ name, path: folder }))
      .optional()
      .describe('Clusters and their root folders, where neither clusters/<name> nor a gotk-sync.yaml says so.'),
    defaultServiceAccount: name
      .optional()
      .describe("As Flux's --default-service-account, for Kustomizations that name none."),
    policies: z
      .union([z.array(folder), z.strictObject({ folders: z.array(folder).optional(), off: z.array(name).optional() })])
      .optional()
      .describe('Folders of Rego in this repository; `off` turns shipped rules off by id.'),
    approvers: name.optional().describe('The team (org/team) that approves cluster-scoped requests.'),
    trustedSources: z
      .array(z.string().min(1).max(2048))
      .optional()
      .describe('Repository addresses that may be applied without a service account.'),
    kinds: z
      .array(
        z.strictObject({ group: z.string().max(253), kind: name, plural: name.optional(), namespaced: z.boolean() }),
      )
      .optional()
      .describe('Custom kinds whose CRDs are not in the fleet, with their scope.'),
    limits: limitsSchema.optional(),
    images: z.strictObject({}).optional().describe('How image bumps land.'),
    deploy: z
      .strictObject({ maxDeletions: z.int().min(1).optional() })
      .optional()
      .describe('The deletion guard.'),
    waivers: folder.optional().describe('Folder of waivers; waivers/ by default.'),
  })
  .describe('sluice.yaml');

export interface PlatformConfig {
  readonly clusters: readonly { readonly name: string; readonly path: string }[] | undefined;
  readonly defaultServiceAccount: string | undefined;
  readonly policyFolders: readonly string[];
  readonly policiesOff: readonly string[];
  readonly approvers: string | undefined;
  readonly trustedSources: readonly string[];
  readonly kinds: readonly {
    readonly group: string;
    readonly kind: string;
    readonly plural?: string;
    readonly namespaced: boolean;
  }[];
  readonly limits: Limits;
  /** Deletions of one Kustomization that pass without an acknowledgement. */
  readonly maxDeletions: number;
  readonly waiversFolder: string;
}

export const configFile = 'sluice.yaml';
export const defaultMaxDeletions = 10;

/**
 * The configuration of a platform tree; defaults where there is no sluice.yaml.
 *
 * @throws SluiceError `config.parse`, `config.unknownKey` or `config.invalid` with the line at fault
 */
export async function readConfig(tree: Tree, renderer: Renderer): Promise<PlatformConfig> {
  if ((await tree.entry(configFile))?.type !== 'file') return fromFile({});
  const bytes = await tree.read(configFile);
  const documents = await renderer.parse(configFile, bytes).catch((error: unknown) => {
    if (!(error instanceof SluiceError)) throw error;
    throw new SluiceError('config.parse', error.message, {
      place: error.place ?? { file: configFile },
      remedy: 'correct the YAML',
    });
  });
  if (documents.length > 1) {
    throw new SluiceError('config.invalid', `${configFile} holds ${documents.length} documents`, {
      place: { file: configFile, line: documents[1]?.line ?? 1 },
      remedy: 'keep one document',
    });
  }
  const value: Json = documents[0]?.value ?? {};
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return fromFile(parsed.data);
  throw await configError(parsed.error, bytes, renderer);
}

async function configError(error: z.ZodError, bytes: Uint8Array, renderer: Renderer): Promise<SluiceError> {
  const issue = error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map((part) =>
    typeof part === 'number' ? part : String(part),
  ) as FieldPath;
  const lines = await renderer.locate([{ file: configFile, bytes, document: 0, paths: [path] }]);
  const place = { file: configFile, line: lines[0]?.[0]?.line ?? 1 };
  const where = path.join('.') || 'the document';
  if (unknown !== undefined) {
    const known = path.length === 1 ? `; known keys are ${Object.keys(configSchema.shape).join(', ')}` : '';
    return new SluiceError('config.unknownKey', `unknown key "${where}" in ${configFile}`, {
      place,
      remedy: `remove or correct it${known}`,
    });
  }
  return new SluiceError('config.invalid', `${where} in ${configFile}: ${issue?.message ?? 'is not valid'}`, {
    place,
    remedy: 'see docs/sluice-yaml.md',
  });
}

function fromFile(file: z.infer<typeof configSchema>): PlatformConfig {
  const policies = Array.isArray(file.policies) ? { folders: file.policies } : (file.policies ?? {});
  return {
    clusters: file.clusters,
    defaultServiceAccount: file.defaultServiceAccount,
    policyFolders: policies.folders ?? [],
    policiesOff: ('off' in policies ? policies.off : undefined) ?? [],
    approvers: file.approvers,
    trustedSources: file.trustedSources ?? [],
    kinds: (file.kinds ?? []).map(({ plural, ...kind }) => (plural === undefined ? kind : { ...kind, plural })),
    limits: file.limits ?? limitsSchema.parse({}),
    maxDeletions: file.deploy?.maxDeletions ?? defaultMaxDeletions,
    waiversFolder: file.waivers ?? 'waivers',
  };
}

/** The JSON Schema of sluice.yaml, for editors: `docs/sluice.schema.json`. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
