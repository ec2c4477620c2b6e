// All that decides what is applied: source, account, variables, build. The same for a run and for asking what another wants.
import { type FleetNow, rulesDigest } from '../agent/fleet-view.ts';
import { digestOf } from '../agent/memory.ts';
import { asSluiceError, SluiceError } from '../errors.ts';
import type { ResolvedSource } from '../fleet/fleet.ts';
import { buildPath } from '../fleet/path.ts';
import type { KubeWriter } from '../ports/kube.ts';
import type { Build, BuildRequest, Substitution } from '../ports.ts';
import { type Identity, identityOf, type LiveKustomization } from './identity.ts';
import type { ReconcileTools } from './run.ts';
import { readVariables, withAbsent } from './variables.ts';

export type TreeSource = Extract<ResolvedSource, { type: 'tree' }>;

export interface Inputs {
  readonly source: TreeSource;
  readonly fleet: FleetNow;
  readonly identity: Identity;
  readonly writer: KubeWriter;
  readonly path: string;
  readonly substitution: Substitution | undefined;
  /** Values from the cluster's Secrets. */
  readonly secrets: readonly string[];
  readonly build: Build;
}

/** @throws SluiceError of the source: not ready where it is not there or not fetched yet */
export async function readSource({ spec }: LiveKustomization, tools: ReconcileTools): Promise<TreeSource> {
  const source = await tools.tree(spec.sourceRef);
  if (source.type === 'tree') return source;
  if (source.error !== undefined) throw source.error;
  throw new SluiceError('deploy.source', `${source.what}: ${source.reason}`, { kind: 'notReady' });
}

/** @throws SluiceError `deploy.denied` for the identity, `build.*` for the build, `kube.*` for variables */
export async function readInputs(live: LiveKustomization, source: TreeSource, tools: ReconcileTools): Promise<Inputs> {
  const fleet = await tools.fleet.now();
  const identity = identityOf(live, source, fleet);
  const writer = tools.cluster.as(identity.account);
  const { substitution, secrets, absent } = await readVariables(live.namespace, live.spec, writer);
  const path = buildPath(live.spec.path, live.key);
  const request: BuildRequest = {
    tree: source.tree,
    path,
    spec: live.spec.build,
    ...(substitution === undefined ? {} : { substitution }),
  };
  const build = await tools.renderer.build(request).catch((thrown: unknown) => {
    throw withAbsent(scrubbed(asSluiceError(thrown), secrets), absent);
  });
  return { source, fleet, identity, writer, path, substitution, secrets, build };
}

/** What a tool says of a value it choked on must not repeat a Secret's. */
function scrubbed(error: SluiceError, secrets: readonly string[]): SluiceError {
  const said = secrets.some((value) => value.length > 3 && error.message.includes(value));
  if (!said) return error;
  const { code, kind, place, remedy } = error;
  return new SluiceError(code, 'the build failed on a value that comes from a Secret', { kind, place, remedy });
}

/**
 * Equal digests: the same objects by the same account under the same rules.
 *
 * @param deploy what of the spec decides how objects are applied
 * @param today ISO date, since waivers end
 */
export function inputsDigest(key: string, deploy: unknown, inputs: Inputs, today: string): string {
  const { build, identity, fleet } = inputs;
  const dated = fleet.side.waivers.length === 0 ? '' : today;
  return digestOf(key, deploy, build.digest, identity, rulesDigest(fleet), dated);
}
