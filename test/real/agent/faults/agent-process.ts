// An agent in a process of its own, to be killed or frozen at any moment.
import { readFile } from 'node:fs/promises';
import { createLog } from '../../../../src/adapters/log/log.ts';
import { readKubeconfig } from '../../../../src/adapters/kube/kubeconfig.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import { startAgent } from '../../../../src/agent.ts';
import { createToolbox } from '../../../../src/toolbox.ts';
import { clusterName } from '../stand.ts';

const [kubeconfig = '', store = '', dataFolder = ''] = process.argv.slice(2);
const log = createLog({ level: 'debug', secrets: [], destination: process.stderr });
const queues = await openQueues(store, { lockMs: 1_000, stalledMs: 200 });
const { renderer, policyEngine, shippedPolicies } = await createToolbox(process.env).tools(() => {});
await startAgent({
  cluster: clusterName,
  address: readKubeconfig(await readFile(kubeconfig, 'utf8')),
  queues,
  log,
  dataFolder,
  renderer,
  policyEngine,
  shippedPolicies,
});
process.stdout.write('ready\n');
