// `npm run demo`: the sample organisation, its pull requests, their reviews and their deployment, all on this machine.
import { parseArgs } from 'node:util';
import { listChanges } from './changes.ts';
import { reviewPullRequests } from './demo/pull-requests.ts';
import { checkOnTerminal } from './demo/terminal.ts';

const usage = `npm run demo                  put the sample organisation on a GitHub of this machine and its fleet on two clusters, open a
                              pull request for each change set by pushing it, wait for the reviews, merge one, show it
                              live, put a change by hand right, and stay up to be looked at
npm run demo -- 02 secret     only the change sets whose names hold one of the words
npm run demo -- --once        end after the last step; 1 where something was not as expected
npm run demo -- --reviews     without clusters: reviews alone
npm run demo -- --port 4000   where that GitHub listens; without, wherever is free
npm run demo -- --log info    what the App logs, on standard output
npm run demo -- --terminal    no GitHub: each change set as \`sluice check\` shows it on a terminal
npm run demo -- --terminal --keep    leave the repositories on the disk
`;

const { values, positionals } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    reviews: { type: 'boolean', default: false },
    port: { type: 'string' },
    log: { type: 'string' },
    terminal: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) process.stdout.write(usage);
// A review that was waited for when Ctrl-C came is not waited for any longer.
else process.exit(await demo());

async function demo(): Promise<number> {
  const all = await listChanges();
  const changes = all.filter(({ id }) => positionals.length === 0 || positionals.some((word) => id.includes(word)));
  if (changes.length === 0) {
    process.stderr.write(`No change set has ${positionals.join(' or ')} in its name. There are:\n`);
    process.stderr.write(all.map(({ id }) => `  ${id}\n`).join(''));
    return 2;
  }
  if (values.terminal) return checkOnTerminal(changes, values.keep);
  const { once, reviews, port, log } = values;
  return reviewPullRequests(changes, {
    once,
    deploy: !reviews,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(log === undefined ? {} : { log }),
  });
}
