// Ends of texts, in one pass: a regular expression that ends in `+$` starts anew at each character of a long run.

/** Returns the text without any `character` at its end. */
export function trimmedEnd(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}
