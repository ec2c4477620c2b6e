// Lists that come in pages. Pages are read as they are asked for; a list cut short is an error, never a short list.
import type { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import type { Answer } from './wire.ts';

type Page<S extends z.ZodType> = (query: Readonly<Record<string, string>>) => Promise<Answer<z.output<S>>>;

/** Yields one answer a page. `read` gets `first` and then, on top of it, the query that GitHub gave for the next. */
export async function* pagesOf<S extends z.ZodType>(
  first: Readonly<Record<string, string>>,
  read: Page<S>,
): AsyncGenerator<z.output<S>> {
  let query: Readonly<Record<string, string>> | undefined = first;
  while (query !== undefined) {
    const answer: Answer<z.output<S>> = await read(query);
    yield answer.data;
    query = answer.next === undefined ? undefined : { ...first, ...answer.next };
  }
}

export async function* mapPages<P, T>(pages: AsyncIterable<P>, items: (page: P) => readonly T[]): AsyncGenerator<T> {
  for await (const page of pages) yield* items(page);
}

/** @throws SluiceError `github.rejected` at the page after the `max`th, of 100 entries each */
export async function* upTo<P>(max: number, pages: AsyncIterable<P>, what: string): AsyncGenerator<P> {
  let read = 0;
  for await (const page of pages) {
    if (read === max) throw new SluiceError('github.rejected', `${what}: there are more than ${max * 100}`);
    read += 1;
    yield page;
  }
}
