// A worker in a process of its own: takes jobs, says so on stdout, and holds them until it is killed.
import { openQueue } from '../../../src/adapters/queue/open.ts';
import { review } from './hands.ts';

const [address = '', folder = '', name = ''] = process.argv.slice(2);
const queue = await openQueue(address, {
  name,
  lockMs: 1_000,
  stalledMs: 200,
  ...(folder !== '' && { folder }),
});
await queue.work(
  async ({ job, again, signal }) => {
    process.stdout.write(`took ${job.cause} again=${again}\n`);
    signal.addEventListener('abort', () => process.stdout.write(`aborted ${job.cause}\n`));
    await new Promise(() => undefined);
  },
  { concurrency: 1 },
);
await queue.add(review(1, 1, 'from-the-process'));
process.stdout.write('added\n');
