// `npm run lab`: a GitHub on this machine with the sample organisation in it, until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listChanges } from '../examples/changes.ts';
import { startGitHub } from './github/github.ts';
import { createSampleOrganisation, openChange, registerSluice, sampleName } from './organisation.ts';

const usage = `npm run lab -- [--port 4000] [--webhook http://127.0.0.1:3000/webhook] [--changes image,secret]

  --port      where it listens on this machine (4000)
  --webhook   where the App listens
  --changes   opens the pull requests of the change sets whose names hold one of the words; \`all\` opens all
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    webhook: { type: 'string', default: 'http://127.0.0.1:3000/webhook' },
    changes: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

if (values.help) say(usage);
else await lab(Number(values.port), values.webhook, values.changes);

async function lab(port: number, webhook: string, words: string): Promise<void> {
  const github = await startGitHub({ port });
  process.once('SIGINT', () => void github.stop());
  process.once('SIGTERM', () => void github.stop());
  await createSampleOrganisation(github);
  const secret = randomBytes(24).toString('hex');
  const app = await registerSluice(github, { url: webhook, secret });
  const dir = join(import.meta.dirname, '..', '.cache', 'lab');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'app.pem'), app.privateKey, { mode: 0o600 });
  say(`GitHub          ${github.address}`);
  say(`API             ${github.apiUrl}`);
  for (const login of ['ada', 'carla', 'chen', 'mia']) say(`${login.padEnd(16)}${github.user(login).token}`);
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
  const chosen = words.split(',').filter((word) => word !== '');
  for (const change of await listChanges()) {
    if (!chosen.some((word) => word === 'all' || change.id.includes(word))) continue;
    const pull = await openChange(github, change);
    say(`${change.id.padEnd(28)}${github.address}/${sampleName(change.repository)}/pull/${pull.number}`);
  }
  if (chosen.length > 0) say();
}
