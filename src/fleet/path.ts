import { SluiceError } from '../errors.ts';
import { normalizePath } from '../source/paths.ts';

/** The folder a Kustomization builds, clean and inside its source. @throws SluiceError `fleet.invalid` */
export function buildPath(path: string, key: string): string {
  try {
    return normalizePath(path);
  } catch {
    throw new SluiceError(
      'fleet.invalid',
      `spec.path of Kustomization ${key} leaves its source: ${JSON.stringify(path.slice(0, 200))}`,
      {
        remedy: 'name a folder inside the source',
      },
    );
  }
}
