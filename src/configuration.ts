// What the environment says, read once at the start and checked whole: everything wrong is told at once.
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { type LogLevel, logLevels } from './adapters/log/log.ts';
import { SluiceError } from './errors.ts';
import { clusterName } from './job/job.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface GitHubAddress {
  /** Where people go: `https://github.com`; no slash at the end. */
  readonly web: string;
  /** `https://api.github.com`, `https://HOST/api/v3`; no slash at the end. */
  readonly api: string;
}

/** A cluster that this process deploys to. */
export interface ClusterAddress {
  readonly name: string;
  /** Path of a kubeconfig; without one the process runs in the cluster. */
  readonly kubeconfig?: string;
}

interface EveryRole {
  /** `embedded`, `redis://…`, `rediss://…`, `postgres://…` or `postgresql://…`; may hold a password. */
  readonly queue: string;
  /** Folder for the embedded queue and for copies of repositories. */
  readonly data: string;
  readonly admin: ListenAddress;
  readonly logLevel: LogLevel;
  /** A worker that the queue has not heard of for this long has lost its jobs to others, in milliseconds. */
  readonly lockMs: number;
  /** All that no log may show. */
  readonly secrets: readonly string[];
}

interface AppRole extends EveryRole {
  readonly appId: number;
  readonly github: GitHubAddress;
  /** `owner/name` of the platform repository. */
  readonly platform: string;
  /** Its tracked branch, where it is not the default one. */
  readonly platformBranch?: string;
}

/** Takes webhooks. */
export interface ServeConfiguration extends AppRole {
  /** The one in force, then the one before it; never empty. */
  readonly webhookSecrets: readonly string[];
  readonly listen: ListenAddress;
}

/** Works on jobs. */
export interface WorkerConfiguration extends AppRole {
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** Reviews at once. */
  readonly concurrency: number;
  /** How often a worker looks for what a lost webhook or an emptied queue left behind, in milliseconds. */
  readonly sweepMs: number;
}

/** Deploys. */
export interface AgentConfiguration extends EveryRole {
  /** One for `sluice agent`, any number for `sluice start`. */
  readonly clusters: readonly ClusterAddress[];
}

/** All, in one process. */
export type StartConfiguration = ServeConfiguration & WorkerConfiguration & AgentConfiguration;

export interface ConfigurationSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file that a `…_FILE` variable names. */
  readonly readFile: (path: string) => string;
}

const missing = 'is missing';

function number(pattern: RegExp, problem: string) {
  return z.string(missing).regex(pattern, problem).transform(Number);
}

function seconds(least: number, most: number) {
  const words = `is no number of seconds from ${least} to ${most}`;
  return number(/^\d{1,5}$/, words).refine((value) => value >= least && value <= most, words);
}

const listen = (example: string) =>
  z.string().transform((text, context): ListenAddress => {
    const match = /^(?:(\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253}):)?(\d{1,5})$/i.exec(text);
    const port = Number(match?.[2]);
    if (match === null || port > 65_535) return problem(context, `is no address to listen at: write \`${example}\``);
    return { host: (match[1] ?? '0.0.0.0').replace(/^\[|\]$/g, ''), port };
  });

const gitHub = z.string().transform((text, context): GitHubAddress => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url !== undefined && url.href === `${url.origin}${url.pathname}`;
  if (!bare || !/^(?:\/api\/v3)?\/*$/.test(url.pathname))
    return problem(context, 'is no address of a GitHub: write `https://github.example.com`');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    return problem(context, 'must begin with https://, since tokens travel there');
  return gitHubAt(url);
});

/** github.com and ghe.com have a host for the API; an Enterprise Server has a path. */
function gitHubAt({ origin, host, hostname }: URL): GitHubAddress {
  if (hostname === 'github.com' || hostname === 'api.github.com')
    return { web: 'https://github.com', api: 'https://api.github.com' };
  return { web: origin, api: hostname.endsWith('.ghe.com') ? `https://api.${host}` : `${origin}/api/v3` };
}

const platform = z.string(missing).transform((text, context): { readonly host?: string; readonly name: string } => {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const name = (url?.pathname.slice(1) ?? text).replace(/\/$/, '').replace(/\.git$/, '');
  if (!/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(name) || url?.username || url?.search)
    return problem(context, 'is no repository: write `owner/name` or its address');
  return url === undefined ? { name } : { host: url.host, name };
});

const privateKey = z.string(missing).transform((text, context): string => {
  // One line with \n for line breaks, or base64 of the whole file, as secret stores like to have it.
  const plain = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : Buffer.from(text, 'base64').toString();
  try {
    const key = createPrivateKey(plain);
    if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    // Whatever OpenSSL says of it may repeat a part.
  }
  return problem(
    context,
    'is no RSA private key: give the whole .pem file that GitHub made, by SLUICE_PRIVATE_KEY_FILE',
  );
});

const queue = z.string().transform((text, context): string => {
  if (text === 'embedded') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^(?:rediss?|postgres(?:ql)?):$/.test(url.protocol) && url.hostname !== '') return text;
  return problem(context, 'is none of embedded, redis://HOST, rediss://HOST and postgres://HOST/DATABASE');
});

const cluster = z.string(missing).refine((text) => clusterName.safeParse(text).success, 'is no name of a cluster');

const clusters = z.string().transform((text, context): readonly ClusterAddress[] => {
  const read = text.split(/\s+/).map((one): ClusterAddress => {
    const [, name = '', kubeconfig] = /^([^=]+)(?:=(.+))?$/s.exec(one) ?? [];
    return { name, ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  });
  const names = new Set(read.map(({ name }) => name));
  if (names.size < read.length || read.some(({ name }) => !clusterName.safeParse(name).success))
    return problem(
      context,
      'is no list of clusters, each once: write `prod-eu=/path/a.kubeconfig prod-us=/path/b.kubeconfig`',
    );
  return read;
});

const secret = z.string(missing).min(16, 'is too short: take 32 random characters').max(1000, 'is too long');
const branch = z.string().regex(/^(?!refs\/|-|\/)[^\s\p{Cc}~^:?*[\\]{1,250}$/u, 'is no branch: write `main`');

const everyRole = {
  SLUICE_QUEUE: queue.prefault('embedded'),
  SLUICE_DATA: z.string().max(1000, 'is too long').prefault('.sluice'),
  SLUICE_ADMIN_LISTEN: listen('127.0.0.1:3001').prefault('127.0.0.1:3001'),
  SLUICE_LOG_LEVEL: z.enum(logLevels, `is none of ${logLevels.join(', ')}`).prefault('info'),
  SLUICE_LOCK_SECONDS: seconds(1, 600).prefault('30'),
};
const app = {
  SLUICE_APP_ID: number(/^[1-9]\d{0,14}$/, "is no App id: it is the number on the App's page"),
  SLUICE_GITHUB_URL: gitHub.prefault('https://github.com'),
  SLUICE_PLATFORM: platform,
  SLUICE_PLATFORM_BRANCH: branch.optional(),
};
const server = {
  SLUICE_WEBHOOK_SECRET: secret,
  SLUICE_WEBHOOK_SECRET_PREVIOUS: secret.optional(),
  SLUICE_LISTEN: listen('0.0.0.0:3000').prefault('0.0.0.0:3000'),
};
const worker = {
  SLUICE_PRIVATE_KEY: privateKey,
  SLUICE_CONCURRENCY: number(/^[1-9]\d{0,2}$/, 'is no number from 1 to 999').prefault('2'),
  SLUICE_SWEEP_SECONDS: seconds(1, 86_400).prefault('300'),
};
const agent = {
  SLUICE_CLUSTER: cluster,
  SLUICE_KUBECONFIG: z.string().max(1000, 'is too long').optional(),
};
const agents = { SLUICE_CLUSTERS: clusters.optional() };
const schemas = {
  serve: z.object({ ...everyRole, ...app, ...server }),
  worker: z.object({ ...everyRole, ...app, ...worker }),
  agent: z.object({ ...everyRole, ...agent }),
  start: z.object({ ...everyRole, ...app, ...server, ...worker, ...agents }),
};
type Settings<R extends keyof typeof schemas> = z.output<(typeof schemas)[R]>;

/** These may also stand in a file that `NAME_FILE` names. */
const secretNames = ['SLUICE_PRIVATE_KEY', 'SLUICE_WEBHOOK_SECRET', 'SLUICE_WEBHOOK_SECRET_PREVIOUS', 'SLUICE_QUEUE'];

/** @throws SluiceError `configuration`, terminal; names every variable that is missing or wrong, and no value */
export function readServeConfiguration(source: ConfigurationSource): ServeConfiguration {
  const { settings, secrets } = read('serve', source);
  return { ...forEveryRole(settings), ...forApp(settings), ...forServer(settings), secrets };
}

/** @throws SluiceError `configuration`, terminal; names every variable that is missing or wrong, and no value */
export function readWorkerConfiguration(source: ConfigurationSource): WorkerConfiguration {
  const { settings, secrets } = read('worker', source);
  return { ...forEveryRole(settings), ...forApp(settings), ...forWorker(settings), secrets };
}

/** @throws SluiceError `configuration`, terminal; names every variable that is missing or wrong, and no value */
export function readStartConfiguration(source: ConfigurationSource): StartConfiguration {
  const { settings, secrets } = read('start', source);
  const clusters = settings.SLUICE_CLUSTERS ?? [];
  return {
    ...forEveryRole(settings),
    ...forApp(settings),
    ...forServer(settings),
    ...forWorker(settings),
    clusters,
    secrets,
  };
}

/** @throws SluiceError `configuration`, terminal; names every variable that is missing or wrong, and no value */
export function readAgentConfiguration(source: ConfigurationSource): AgentConfiguration {
  const { settings, secrets } = read('agent', source);
  const { SLUICE_CLUSTER: name, SLUICE_KUBECONFIG: kubeconfig } = settings;
  const clusters = [{ name, ...(kubeconfig === undefined ? {} : { kubeconfig }) }];
  return { ...forEveryRole(settings), clusters, secrets };
}

function forApp(settings: Settings<'serve'> | Settings<'worker'>): Omit<AppRole, keyof EveryRole> {
  const { SLUICE_PLATFORM_BRANCH: platformBranch } = settings;
  return {
    appId: settings.SLUICE_APP_ID,
    github: settings.SLUICE_GITHUB_URL,
    platform: settings.SLUICE_PLATFORM.name,
    ...(platformBranch === undefined ? {} : { platformBranch }),
  };
}

function forEveryRole(
  settings: Settings<'serve'> | Settings<'worker'> | Settings<'agent'>,
): Omit<EveryRole, 'secrets'> {
  return {
    queue: settings.SLUICE_QUEUE,
    data: settings.SLUICE_DATA,
    admin: settings.SLUICE_ADMIN_LISTEN,
    logLevel: settings.SLUICE_LOG_LEVEL,
    lockMs: settings.SLUICE_LOCK_SECONDS * 1_000,
  };
}

function forServer(settings: Settings<'serve'>): Omit<ServeConfiguration, keyof AppRole> {
  const { SLUICE_WEBHOOK_SECRET: now, SLUICE_WEBHOOK_SECRET_PREVIOUS: before } = settings;
  return { webhookSecrets: before === undefined ? [now] : [now, before], listen: settings.SLUICE_LISTEN };
}

function forWorker(settings: Settings<'worker'>): Omit<WorkerConfiguration, keyof AppRole> {
  return {
    privateKey: settings.SLUICE_PRIVATE_KEY,
    concurrency: settings.SLUICE_CONCURRENCY,
    sweepMs: settings.SLUICE_SWEEP_SECONDS * 1_000,
  };
}

function read<R extends keyof typeof schemas>(
  role: R,
  source: ConfigurationSource,
): { readonly settings: Settings<R>; readonly secrets: readonly string[] } {
  const { texts, problems } = textsOf(Object.keys(schemas[role].shape), source);
  const result = schemas[role].safeParse(texts);
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0]);
    // A file that cannot be read has been complained of already.
    if (!problems.has(name)) problems.set(name, issue.message);
  }
  for (const [name, what] of disagreements(role, texts, source.environment))
    if (!problems.has(name)) problems.set(name, what);
  if (problems.size === 0 && result.success) return { settings: result.data as Settings<R>, secrets: secretsIn(texts) };
  const list = [...problems].map(([name, what]) => `${name} ${what}`);
  throw new SluiceError('configuration', `the configuration is not usable: ${list.join('; ')}`, {
    remedy: 'each variable is described in docs/running.md',
  });
}

/** What is wrong only together; looked for even where others are wrong, since everything is told at once. */
function* disagreements(
  role: keyof typeof schemas,
  texts: Readonly<Record<string, string>>,
  environment: ConfigurationSource['environment'],
) {
  const host = platform.safeParse(texts['SLUICE_PLATFORM']).data?.host;
  const web = app.SLUICE_GITHUB_URL.safeParse(texts['SLUICE_GITHUB_URL']).data?.web;
  if (host !== undefined && web !== undefined && host !== new URL(web).host)
    yield ['SLUICE_PLATFORM', 'is not on the GitHub of SLUICE_GITHUB_URL'] as const;
  // An agent's variables, without which it would only review.
  for (const name of role === 'start' && texts['SLUICE_CLUSTERS'] === undefined ? Object.keys(agent) : [])
    if ((environment[name] ?? '') !== '')
      yield [name, 'is for `sluice agent`: write `NAME=KUBECONFIG` in SLUICE_CLUSTERS, or `NAME` alone'] as const;
  if (role !== 'start' && everyRole.SLUICE_QUEUE.safeParse(texts['SLUICE_QUEUE']).data === 'embedded')
    yield [
      'SLUICE_QUEUE',
      `must be Redis or Postgres for \`sluice ${role}\`: the embedded queue lives in the one process of \`sluice start\``,
    ] as const;
}

/** The variables' texts, files read; an empty one counts as not there. */
function textsOf(
  names: readonly string[],
  { environment, readFile }: ConfigurationSource,
): { readonly texts: Readonly<Record<string, string>>; readonly problems: Map<string, string> } {
  const texts: Record<string, string> = {};
  const problems = new Map<string, string>();
  for (const name of names) {
    const text = environment[name]?.trim() ?? '';
    const file = secretNames.includes(name) ? (environment[`${name}_FILE`] ?? '') : '';
    if (text !== '') texts[name] = text;
    if (file === '') continue;
    if (text !== '') problems.set(name, `is given twice: by itself and by ${name}_FILE`);
    else {
      try {
        texts[name] = readFile(file).trim();
      } catch {
        problems.set(name, `is missing: the file of ${name}_FILE cannot be read`);
      }
    }
  }
  return { texts, problems };
}

function secretsIn(texts: Readonly<Record<string, string>>): readonly string[] {
  const whole = secretNames.flatMap((name) => {
    const text = texts[name];
    return text === undefined || text === 'embedded' ? [] : [text];
  });
  const address = texts['SLUICE_QUEUE'] ?? '';
  const password = URL.canParse(address) ? new URL(address).password : '';
  return password === '' ? whole : [...whole, password, decodeURIComponent(password)];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function problem(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
