// Building one side of a pair: the objects, or the one error that says why not.
import { asSluiceError, type SluiceError } from '../errors.ts';
import type { FleetKustomization } from '../fleet/fleet.ts';
import type { Build, Renderer } from '../ports.ts';
import { buildRequest } from './pair.ts';

export type Built =
  | { readonly type: 'built'; readonly build: Build; readonly kustomization: FleetKustomization }
  | { readonly type: 'failed'; readonly error: SluiceError }
  /** There is no such Kustomization on this side. */
  | { readonly type: 'absent' }
  /** Its source is not at hand. */
  | { readonly type: 'unknown' };

export async function buildSide(kustomization: FleetKustomization | undefined, renderer: Renderer): Promise<Built> {
  if (kustomization === undefined) return { type: 'absent' };
  if (kustomization.error !== undefined) return { type: 'failed', error: kustomization.error };
  if (kustomization.build !== undefined) return { type: 'built', build: kustomization.build, kustomization };
  const { source } = kustomization;
  if (source.type === 'unknown' && source.error !== undefined) return { type: 'failed', error: source.error };
  const request = buildRequest(kustomization);
  if (request === undefined) return { type: 'unknown' };
  try {
    return { type: 'built', build: await renderer.build(request), kustomization };
  } catch (thrown) {
    return { type: 'failed', error: asSluiceError(thrown) };
  }
}
