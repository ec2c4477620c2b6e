import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../lab/cluster/port.ts';

// So many that two who know nothing of each other would meet at a dozen.
const count = 400;

test('a port is given to one process alone, though nobody listens on it yet', async () => {
  const module = new URL('../../../lab/cluster/port.ts', import.meta.url).href;
  const program = `const { freePort } = await import(process.argv[1]);
    const ports = [];
    while (ports.length < ${count}) ports.push(await freePort());
    console.log(JSON.stringify(ports));
    process.stdin.resume();`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', program, module], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(other, 'exit');
  onTestFinished(async () => {
    other.stdin.end();
    await ended;
  });
  const [line] = (await once(createInterface(other.stdout), 'line')) as [string];
  const theirs = new Set(JSON.parse(line) as number[]);
  const ours = new Set<number>();
  for (let asked = 0; asked < count; asked += 1) ours.add(await freePort());
  expect([theirs.size, ours.size]).toEqual([count, count]);
  expect([...ours].filter((port) => theirs.has(port))).toEqual([]);
});

test('a port can be listened on by whoever was given it', async () => {
  const server = createServer();
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
