// Regular expressions as they stand in the sources, found by reading them as a lexer does.

export interface Literal {
  readonly line: number;
  readonly source: string;
  readonly flags: string;
}

/** What a slash may follow where it begins a regular expression rather than divides. */
const before = /(?:^|[(,=:[!&|?{};+<>~^%*-]|\b(?:return|typeof|case|in|of|do|else|void|throw|new|delete|await|yield))$/;

/** Returns every regular expression that a source in TypeScript writes out. */
export function regularExpressions(text: string): readonly Literal[] {
  const found: Literal[] = [];
  /** Braces that are open within each template that is open. */
  const templates: number[] = [];
  let code = '';
  let at = 0;
  const skip = (end: number, as: string): void => {
    code = `${code}${as}`.slice(-40);
    at = end;
  };
  if (text.startsWith('#!')) skip(indexOrEnd(text, '\n', 0), '');
  while (at < text.length) {
    const one = text[at] ?? '';
    const two = text.slice(at, at + 2);
    if (two === '//') skip(indexOrEnd(text, '\n', at), '');
    else if (two === '/*') skip(indexOrEnd(text, '*/', at) + 2, '');
    else if (one === "'" || one === '"') skip(endOfString(text, at), 'x');
    else if (one === '`' || (one === '}' && templates.at(-1) === 0)) {
      if (one === '}') templates.pop();
      const end = endOfTemplate(text, at + 1);
      if (text[end - 1] === '{') templates.push(0);
      skip(end, text[end - 1] === '{' ? '(' : 'x');
    } else if (one === '/' && before.test(code.trimEnd())) {
      const [, source = '', flags = ''] =
        /^\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([a-z]*)/.exec(text.slice(at, at + 2_000)) ?? [];
      if (source !== '') found.push({ line: text.slice(0, at).split('\n').length, source, flags });
      skip(at + Math.max(1, source.length + flags.length + 2), 'x');
    } else {
      const open = templates.length - 1;
      if (open >= 0 && one === '{') templates[open] = (templates[open] ?? 0) + 1;
      if (open >= 0 && one === '}') templates[open] = (templates[open] ?? 0) - 1;
      skip(at + 1, one);
    }
  }
  return found;
}

function indexOrEnd(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== text[start]) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Just after the end of a template, or after the `${` that interrupts it. */
function endOfTemplate(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '`') {
    if (text.startsWith('${', at)) return at + 2;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
