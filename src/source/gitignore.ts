// Git's own ignore files, as `git status` reads them: for files on disk that were never added.
import { trimmedEnd } from '../object/ends.ts';
import { matchPathGlob, type PathGlob, parsePathGlob } from './glob.ts';

interface IgnorePattern {
  readonly glob: PathGlob;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  /** The pattern holds a slash, so it speaks of a path from its file's folder; otherwise of a name anywhere below. */
  readonly anchored: boolean;
}

/** The patterns of one file, which speak of what is below `folder`. */
export interface IgnoreFile {
  /** Names from the root to the folder of the file. */
  readonly folder: readonly string[];
  readonly patterns: readonly IgnorePattern[];
}

const maxPatterns = 5_000;
const maxLine = 1_024;

/** Reads an ignore file. Lines past 1,024 characters and patterns past 5,000 are not read. */
export function parseGitignore(text: string, folder: readonly string[]): IgnoreFile {
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .slice(0, maxPatterns);
  return { folder, patterns: lines.flatMap((line) => parseLine(line.replace(/\r$/, ''))) };
}

function parseLine(line: string): IgnorePattern[] {
  if (line.startsWith('#') || line.length > maxLine) return [];
  let text = trimmedEnd(line, ' ');
  // A space that is escaped belongs to the name.
  if (text.endsWith('\\') && text.length < line.length) text += ' ';
  const negated = text.startsWith('!');
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  if (text === '') return [];
  const anchored = text.includes('/');
  return [{ glob: parsePathGlob(text.replace(/^\//, ''), 'git'), negated, foldersOnly, anchored }];
}

/**
 * Whether a path is left out, by the last pattern that speaks of it in the deepest file that does. Whoever walks does
 * not go into folders that are left out, so only the path itself is looked at, not the folders above it.
 *
 * @param files from the root's down to the one beside the path
 */
export function isGitignored(files: readonly IgnoreFile[], names: readonly string[], isFolder: boolean): boolean {
  for (const file of files.toReversed()) {
    const path = names.slice(file.folder.length);
    const said = file.patterns.findLast((pattern) => speaksOf(pattern, path, isFolder));
    if (said !== undefined) return !said.negated;
  }
  return false;
}

function speaksOf(pattern: IgnorePattern, path: readonly string[], isFolder: boolean): boolean {
  if (pattern.foldersOnly && !isFolder) return false;
  return matchPathGlob(pattern.glob, pattern.anchored ? path : path.slice(-1));
}
