// The App in a process of its own, as it runs; whoever forks it is told where webhooks go.
import { startRole } from '../../src/roles.ts';
import { createToolbox } from '../../src/toolbox.ts';

const toolbox = createToolbox(process.env);
const [, , named] = process.argv;
const role = await startRole(named === 'serve' || named === 'worker' ? named : 'start', process.env, toolbox);
process.once('disconnect', () => {
  void role
    .stop()
    .then(() => toolbox.close())
    .finally(() => process.exit());
});
process.send?.(role.webhookUrl ?? '');
