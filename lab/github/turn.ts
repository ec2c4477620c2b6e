const last = new WeakMap<object, Promise<unknown>>();

/** Runs one piece of work at a time for each subject, in the order asked for. Not to be nested for one subject. */
export function exclusive<Value>(subject: object, work: () => Promise<Value>): Promise<Value> {
  const before = last.get(subject) ?? Promise.resolve();
  const mine = before.then(work, work);
  last.set(
    subject,
    mine.catch(() => {}),
  );
  return mine;
}
