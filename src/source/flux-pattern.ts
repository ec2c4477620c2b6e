// One ignore pattern as Flux matches it: go-git's plumbing/format/gitignore (pattern.go), which is not quite Git. A
// pattern speaks of everything below what it matches, so a later pattern can bring back a file of an excluded folder.
import { trimmedEnd } from '../object/ends.ts';
import { type Glob, matchGlob, parseGlob } from './glob.ts';

export interface FluxPattern {
  /** Names of the folder whose `.sourceignore` holds the pattern; it speaks of nothing outside. */
  readonly domain: readonly string[];
  readonly parts: readonly (Glob | '**' | '')[];
  readonly includes: boolean;
  readonly foldersOnly: boolean;
  /** The pattern holds a slash, so it speaks of a path from its domain; otherwise of a name anywhere below. */
  readonly anchored: boolean;
  readonly text: string;
}

/** Patterns of a file or of `spec.ignore`, one a line; blank lines and lines that start with `#` are none. */
export function parseFluxPatterns(text: string, domain: readonly string[]): readonly FluxPattern[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .map((line) => parseFluxPattern(line, domain));
}

export function parseFluxPattern(line: string, domain: readonly string[]): FluxPattern {
  const includes = line.startsWith('!');
  let text = includes ? line.slice(1) : line;
  if (!text.endsWith('\\ ')) text = trimmedEnd(text, ' ');
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  const parts = text.split('/').map((part) => {
    if (part === '' || part === '**') return part;
    // Go-git gives up on a pattern with `**` inside a name, where it stands in a path.
    return part.includes('**') && text.includes('/') ? undefined : parseGlob(part, 'go');
  });
  return { domain, parts, includes, foldersOnly, anchored: text.includes('/'), text: line };
}

/**
 * What the last pattern that speaks of a path says.
 *
 * @param path its names from the root
 */
export function isExcluded(patterns: readonly FluxPattern[], path: readonly string[], isFolder: boolean): boolean {
  const said = patterns.findLast((pattern) => speaksOf(pattern, path, isFolder));
  return said !== undefined && !said.includes;
}

function speaksOf(pattern: FluxPattern, path: readonly string[], isFolder: boolean): boolean {
  const { domain } = pattern;
  if (path.length <= domain.length || domain.some((name, at) => path[at] !== name)) return false;
  const rest = domain.length === 0 ? path : path.slice(domain.length);
  return pattern.anchored ? matchesPath(pattern, rest, isFolder) : matchesName(pattern, rest, isFolder);
}

function matchesName(pattern: FluxPattern, path: readonly string[], isFolder: boolean): boolean {
  const part = pattern.parts[0];
  const glob = part === '**' ? anything : part;
  if (glob === undefined || glob === '') return false;
  const at = path.findIndex((name) => matchGlob(glob, name));
  return at >= 0 && !(pattern.foldersOnly && !isFolder && at === path.length - 1);
}

const anything = parseGlob('*', 'go');

function matchesPath(pattern: FluxPattern, path: readonly string[], isFolder: boolean): boolean {
  let matched = false;
  let traverse = false;
  let at = 0;
  for (const [index, part] of pattern.parts.entries()) {
    if (part === '') {
      traverse = false;
    } else if (part === '**') {
      if (index === pattern.parts.length - 1) break;
      traverse = true;
    } else {
      if (at >= path.length || part === undefined) return false;
      const found = path.findIndex((name, here) => here >= at && matchGlob(part, name));
      if (traverse ? found < 0 : found !== at) {
        // Past the last name nothing later can match either.
        if (!traverse) return false;
        matched = false;
        at = path.length;
      } else {
        matched = true;
        at = found + 1;
      }
      traverse = false;
    }
  }
  return matched && !(pattern.foldersOnly && !isFolder && at === path.length);
}
