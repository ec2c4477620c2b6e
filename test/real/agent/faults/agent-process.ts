// An agent in a process of its own, to be killed or frozen at any moment. It loads everything, and starts when it is told to.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLog } from '../../../../src/adapters/log/log.ts';
import { readKubeconfig } from '../../../../src/adapters/kube/kubeconfig.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import { startAgent } from '../../../../src/agent.ts';
import { createToolbox } from '../../../../src/toolbox.ts';
import { clusterName } from '../stand.ts';

const [kubeconfig = '', store = '', dataFolder = '', lockMs = ''] = process.argv.slice(2);
// Whoever started it is gone.
process.stdin.once('end', () => process.exit());
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const log = createLog({ level: 'debug', secrets: [], destination: process.stderr });
const { renderer, policyEngine, shippedPolicies } = await createToolbox(process.env).tools(() => {});
// Whoever is killed writes nothing as it ends.
flushCompileCache();
await once(process.stdin, 'data');
const queues = await openQueues(store, { lockMs: Number(lockMs), stalledMs: 200 });
await startAgent({
  cluster: clusterName,
  address: readKubeconfig(await readFile(kubeconfig, 'utf8')),
  queues,
  log,
  dataFolder,
  renderer,
  policyEngine,
  shippedPolicies,
  // Many wait for what never comes, at the same time.
  concurrency: 24,
});
process.stdin.on('data', (asked: Buffer) => {
  if (!asked.toString().includes('heap')) return;
  collect();
  process.stdout.write(`heap ${process.memoryUsage().heapUsed}\n`);
});
process.stdout.write('ready\n');
