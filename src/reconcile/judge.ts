// Guard and policy once more, over what would really be applied: the pull request's answer is not trusted.
import type { FleetNow } from '../agent/fleet-view.ts';
import { secretValues } from '../diff/secret-values.ts';
import { SluiceError } from '../errors.ts';
import type { FleetKustomization, ResolvedSource } from '../fleet/fleet.ts';
import { groupOf, objectLabel } from '../object/id.ts';
import type { KindTable } from '../object/kind.ts';
import { isBuiltinGroup } from '../object/kinds.ts';
import { findPlaces } from '../object/place.ts';
import { applyWaivers } from '../policy/waiver.ts';
import type { ServedKinds } from '../ports/kube.ts';
import type { Build, Substitution } from '../ports.ts';
import { evaluate, type Finding } from '../preview/evaluate.ts';
import type { Tools } from '../preview/side.ts';
import type { Violation } from '../report/outcome.ts';
import type { Identity, LiveKustomization } from './identity.ts';

export interface Judged {
  readonly live: LiveKustomization;
  readonly path: string;
  readonly source: ResolvedSource;
  readonly identity: Identity;
  readonly substitution: Substitution | undefined;
  readonly build: Build;
  /** Values that the cluster's Secrets put into the build. */
  readonly secrets: readonly string[];
  readonly fleet: FleetNow;
  readonly kinds: ServedKinds;
  /** Who else wants an object id now, in words fit for this tenant. */
  readonly owner: (id: string) => string | undefined;
  /** ISO date, for waivers. */
  readonly today: string;
}

/** Findings that one condition names; the rest is counted. */
const mostNamed = 30;

/**
 * Resolves where nothing is denied.
 *
 * @throws SluiceError `deploy.denied` that names rule, object, file and line of each finding; not ready where all that is
 *   missing is a kind that the fleet brings and the cluster does not serve yet; `policy.*`
 */
export async function judge(of: Judged, tools: Tools): Promise<void> {
  const { fleet, live, build } = of;
  const found = await evaluate(
    {
      side: fleet.side,
      cluster: { ...fleet.cluster, kinds: kindTable(of.kinds, fleet.cluster.kinds) },
      kustomization: asFleetKustomization(of),
      objects: build.objects,
      old: new Map(),
      owner: of.owner,
    },
    tools,
  );
  const denies = found.filter(({ severity }) => severity === 'deny');
  if (denies.length === 0) return;
  const scope = { cluster: fleet.cluster.name, kustomization: live.key };
  const { violations } = applyWaivers(await placed(denies, of, tools), scope, fleet.side.waivers, of.today);
  const held = violations.filter(({ waivedUntil }) => waivedUntil === null);
  if (held.length === 0) return;
  const comes = denies.every((finding) => isComing(finding, of));
  const more = held.length > mostNamed ? `\n… and ${held.length - mostNamed} more` : '';
  throw new SluiceError('deploy.denied', `${held.slice(0, mostNamed).map(sentence).join('\n')}${more}`, {
    kind: comes ? 'notReady' : 'terminal',
  });
}

/** What the cluster serves counts; then what the fleet's CRDs will make it serve. */
function kindTable(served: ServedKinds, planned: KindTable): KindTable {
  return {
    find: (group, kind) => {
      const here = served.find(group, kind);
      if (here === undefined) return planned.find(group, kind);
      const { plural, namespaced, version } = here;
      return { group, kind, plural, namespaced, versions: [version], from: isBuiltinGroup(group) ? 'builtin' : 'crd' };
    },
  };
}

function isComing({ rule, index }: Finding, { build, kinds, fleet }: Judged): boolean {
  const object = build.objects[index]?.object;
  if (rule !== 'tenant/kind-unknown' || object === undefined) return false;
  const group = groupOf(object.apiVersion);
  return !kinds.complete(group) || fleet.cluster.kinds.find(group, object.kind) !== undefined;
}

async function placed(denies: readonly Finding[], of: Judged, tools: Tools): Promise<Violation[]> {
  const { build, source, secrets } = of;
  const { copiesSecrets, copiedValues = [] } = build;
  const known = secretValues(build.objects, { copiesSecrets, copiedValues: [...copiedValues, ...secrets] });
  const named = denies.map((finding) => ({ finding, built: build.objects[finding.index] }));
  const questions = named.flatMap(({ finding, built }) =>
    built === undefined || source.type !== 'tree'
      ? []
      : [{ tree: source.tree, ...built, path: finding.path, changed: new Set<string>() }],
  );
  const places = await findPlaces(questions, tools.renderer);
  return named.map(({ finding, built }, at) => ({
    rule: finding.rule,
    severity: finding.severity,
    object: built === undefined ? '' : objectLabel(built.object),
    file: places[at]?.file ?? null,
    line: places[at]?.line ?? null,
    message: known.scrub(finding.message),
    remedy: finding.remedy === null ? null : known.scrub(finding.remedy),
    introduced: false,
    waivedUntil: null,
  }));
}

/** `tenant/namespace: ConfigMap/kube-system/x (deploy/x.yaml:4): … To mend it: …` */
function sentence({ rule, object, file, line, message, remedy }: Violation): string {
  const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`;
  return `${rule}: ${object}${place}: ${message.replace(/\.$/, '')}${remedy === null ? '' : `; to mend it: ${remedy}`}`;
}

function asFleetKustomization(of: Judged): FleetKustomization {
  const { live, path, source, identity, substitution, build, fleet } = of;
  const declared = fleet.cluster.kustomizations.get(live.key);
  return {
    cluster: fleet.cluster.name,
    ...live,
    path,
    source,
    owner: identity.owner,
    substitution,
    parent: declared?.parent,
    declared: declared?.declared,
    build,
    error: undefined,
  };
}
