// `npm run lab`: a GitHub on this machine with the sample organisation in it, and clusters if asked for, until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { listChanges } from '../examples/changes.ts';
import { startClusters } from './cluster/named.ts';
import { startGitHub } from './github/github.ts';
import { createSampleOrganisation, openChange, registerSluice, sampleName } from './organisation.ts';

const usage = `npm run lab -- [--port 4000] [--webhook http://127.0.0.1:3000/webhook] [--changes image,secret]
                   [--clusters eu,us]

  --port      where it listens on this machine (4000)
  --webhook   where the App listens
  --changes   opens the pull requests of the change sets whose names hold one of the words; \`all\` opens all
  --clusters  starts Kubernetes clusters of these names; the first time their programs are built, with Go, for minutes
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    webhook: { type: 'string', default: 'http://127.0.0.1:3000/webhook' },
    changes: { type: 'string', default: '' },
    clusters: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

if (values.help) say(usage);
else await lab(Number(values.port), values.webhook, values.changes, wordsOf(values.clusters));

async function lab(port: number, webhook: string, words: string, names: readonly string[]): Promise<void> {
  const dir = join(import.meta.dirname, '..', '.cache', 'lab');
  const github = await startGitHub({ port });
  const starting = startClusters(names, join(dir, 'clusters'), say);
  const stop = async (): Promise<void> => {
    await github.stop();
    for (const cluster of await starting) await cluster.stop();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  const clusters = await starting;
  await createSampleOrganisation(github);
  const secret = randomBytes(24).toString('hex');
  const app = await registerSluice(github, { url: webhook, secret });
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'app.pem'), app.privateKey, { mode: 0o600 });
  say(`GitHub          ${github.address}`);
  say(`API             ${github.apiUrl}`);
  for (const login of ['ada', 'carla', 'chen', 'mia']) say(`${login.padEnd(16)}${github.user(login).token}`);
  for (const { name, kubeconfigFile } of clusters) say(`${name.padEnd(16)}${relative('', kubeconfigFile)}`);
  say();
  say('The App is registered and installed on acme. Start it with');
  say();
  say(`  SLUICE_GITHUB_URL=${github.address} SLUICE_PLATFORM=${sampleName('platform')} SLUICE_APP_ID=${app.id} \\`);
  say(`  SLUICE_PRIVATE_KEY_FILE=.cache/lab/app.pem SLUICE_WEBHOOK_SECRET=${secret} npm run sluice -- start`);
  say();
  await openChanges(github, words);
  say('Faults, counters and time: docs/lab.md. Ctrl-C ends it.');
}

async function openChanges(github: Awaited<ReturnType<typeof startGitHub>>, words: string): Promise<void> {
  const chosen = wordsOf(words);
  for (const change of await listChanges()) {
    if (!chosen.some((word) => word === 'all' || change.id.includes(word))) continue;
    const pull = await openChange(github, change);
    say(`${change.id.padEnd(28)}${github.address}/${sampleName(change.repository)}/pull/${pull.number}`);
  }
  if (chosen.length > 0) say();
}

function wordsOf(list: string): string[] {
  return list.split(',').filter((word) => word !== '');
}
