// A process with a renderer of its own, to be killed: prints the child's pid while the child is busy, and stays.
import { memoryTree } from '../../unit/renderer/memory-tree.ts';
import { largeOverlay } from './overlay.ts';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';

const [binary = '', ...args] = process.argv.slice(2);
const renderer = createRenderer({ binary, args, children: 1 });
await renderer.build({
  tree: memoryTree({ 'app/c.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n' }),
  path: 'app',
  spec: {},
});
void renderer.build({ tree: memoryTree(largeOverlay(120)), path: 'prod', spec: {} });
process.stdout.write(`${renderer.pids[0]}\n`);
setInterval(() => {}, 1_000);
