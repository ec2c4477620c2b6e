// Hides secrets in text: by value, for those that are known, and by shape, for those that are not.

const hidden = '***';
/** A shorter value would hide ordinary words. */
const shortest = 8;
/** Of a value with several lines (a private key), each such line is hidden by itself. */
const shortestLine = 24;
/** Tokens come every hour for every installation; the oldest are past their time, and have a shape of their own. */
const manyValues = 4_000;

/** Every quantifier is bounded or possessive by its class, so that no text makes matching slow. */
const shapes: readonly (readonly [RegExp, string])[] = [
  // GitHub's tokens; since 2026 installation tokens may be long and hold a JWT.
  [/\bgh[pousr]_[A-Za-z0-9_.-]{10,4096}/g, hidden],
  [/\bgithub_pat_[A-Za-z0-9_]{10,4096}/g, hidden],
  [/\beyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,4096}(?:\.[A-Za-z0-9_-]{0,4096})?/g, hidden],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s-]|\\[nr]){0,16384}/g, hidden],
  [
    /(authorization\\?["']?\s{0,4}[:=,]\s{0,4}\\?["']?)(?:(?:bearer|basic|token|digest)\s{1,4})?[^\s"'\\,]{1,4096}/gi,
    `$1${hidden}`,
  ],
  [/\b((?:bearer|basic)\s{1,4})[A-Za-z0-9+/=._~-]{20,4096}/gi, `$1${hidden}`],
  // https://user:password@host and https://token@host
  [/(:\/\/)[^/\s"'\\]{1,512}@/g, `$1${hidden}@`],
];

export interface Scrubber {
  /**
   * Hides a value from now on: as it is, in base64, URL-encoded, JSON-escaped, and line by line. Values shorter than 8
   * characters are not hidden. Of very many the oldest are given up, but never those given at the start.
   */
  register(secret: string): void;
  /** Returns `text` with everything secret as `***`. */
  scrub(text: string): string;
}

export function createScrubber(secrets: readonly string[] = []): Scrubber {
  const lasting = new Set(secrets.flatMap(formsOf));
  const passing = new Set<string>();
  let ordered: readonly string[] | undefined;

  return {
    register(secret) {
      for (const form of formsOf(secret)) passing.add(form);
      for (const oldest of passing) {
        if (passing.size <= manyValues) break;
        passing.delete(oldest);
      }
      ordered = undefined;
    },
    scrub(text) {
      // Longest first: a part must not be hidden before the whole.
      ordered ??= [...lasting, ...passing].sort((one, other) => other.length - one.length);
      let clean = text;
      for (const value of ordered) if (clean.includes(value)) clean = clean.replaceAll(value, hidden);
      for (const [shape, instead] of shapes) clean = clean.replace(shape, instead);
      return clean;
    },
  };
}

function formsOf(secret: string): readonly string[] {
  const trimmed = secret.trim();
  if (trimmed.length < shortest) return [];
  const bytes = Buffer.from(trimmed);
  const once = JSON.stringify(trimmed).slice(1, -1);
  const lines = trimmed.split(/\r?\n/).filter((line) => line.length >= shortestLine && !line.startsWith('-----'));
  return [
    trimmed,
    ...(lines.length > 1 ? lines : []),
    once,
    JSON.stringify(once).slice(1, -1),
    encodeURIComponent(trimmed),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...insideBase64(bytes),
  ].filter((form) => form.length >= shortest);
}

/** The secret within a longer text that was encoded as a whole (`user:secret`): it may start at any of three offsets. */
function insideBase64(bytes: Buffer): readonly string[] {
  return [1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]);
    // Without the characters that hold bits of what stands before and after.
    const whole = encoded.subarray(3, encoded.byteLength - (encoded.byteLength % 3));
    return [whole.toString('base64'), whole.toString('base64url')];
  });
}
