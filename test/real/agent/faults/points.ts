// Where a life can be struck: each request to the API server, to Git and to the queue, as an undisturbed life asks them.
import type { ApiRequest } from '../../../../lab/cluster/api-request.ts';
import type { Phase, Scenario } from './scenario.ts';

/** The nth of its kind in a phase. */
export interface Point {
  readonly gate: 'api' | 'git' | 'store';
  readonly phase: Phase;
  /** `apply configmaps NAME/kept` */
  readonly label: string;
  readonly nth: number;
}

/** What is not about this life alone is struck at the first of its kind. */
const mostOfOthers = 1;

/** Whether a Kustomization is tried at the commit that removes it, before it is deleted, is a matter of luck. */
const lucky = new Set(['patch kustomizations/status flux-system/NAME', 'create events flux-system/NAME']);

/** What is asked while `live` lasts, in the order of its first coming. */
export async function pointsOf(
  scenario: Scenario,
  phase: Phase,
  name: string,
  live: () => Promise<void>,
): Promise<readonly Point[]> {
  const asked: { readonly gate: Point['gate']; readonly label: string; readonly most: number }[] = [];
  const concerns = scenario.concerns(name);
  const offs = [
    scenario.faults.onRequest((one) => {
      const most = concerns(one) ? Number.POSITIVE_INFINITY : mostOfOthers;
      asked.push({ gate: 'api', label: labelOf(one, name), most });
    }),
    scenario.git.onRequest(async ({ service }) => {
      asked.push({ gate: 'git', label: service, most: Number.POSITIVE_INFINITY });
    }, 'before'),
    scenario.store.onCommand(async (command) => {
      asked.push({ gate: 'store', label: command.name, most: mostOfOthers });
    }, 'before'),
  ];
  await live();
  for (const off of offs) off();
  const sure = asked.filter(({ label }) => phase !== 'remove' || !lucky.has(label));
  const counts = new Map<string, number>();
  return sure.flatMap(({ gate, label, most }) => {
    const nth = (counts.get(`${gate} ${label}`) ?? 0) + 1;
    counts.set(`${gate} ${label}`, nth);
    return nth > most ? [] : [{ gate, phase, label, nth }];
  });
}

/** `patch kustomizations/status flux-system/NAME` */
export function labelOf(request: ApiRequest, name: string): string {
  const { verb, resource, subresource, namespace, path, body } = request;
  if (resource === undefined) return `${verb} ${path}`;
  const of = request.name ?? involved(body);
  const where = [namespace, of].filter((part) => part !== undefined && part !== '').join('/');
  const group = path.includes(`${name}.example.com`) ? '.NAME' : '';
  const what = `${verb} ${resource}${group}${subresource === undefined ? '' : `/${subresource}`}`;
  return `${what} ${where}`.trimEnd().replaceAll(name, 'NAME');
}

/** Whom an event is about. */
function involved(body: string): string | undefined {
  if (!body.includes('involvedObject')) return undefined;
  return (JSON.parse(body) as { involvedObject: { name: string } }).involvedObject.name;
}
