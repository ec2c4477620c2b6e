// The other side of apart.ts.
import { spawn } from 'node:child_process';
import type { Order, Outcome } from './apart.ts';

const running = new Map<number, AbortController>();
const longestComplaint = 64 * 1024;

process.on('message', (order: Order) => {
  if ('kill' in order) running.get(order.id)?.abort();
  else run(order);
});
process.on('disconnect', () => {
  for (const run of running.values()) run.abort();
  process.exit(0);
});

function run({ id, args, folder, env, input }: Exclude<Order, { readonly kill: true }>): void {
  const killed = new AbortController();
  running.set(id, killed);
  const child = spawn('git', [...args], { cwd: folder, env, killSignal: 'SIGKILL', signal: killed.signal });
  const out: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    if (err.length < longestComplaint) err += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let broken: string | undefined;
  child.once('error', (error) => {
    broken = error.message;
  });
  child.once('close', (code) => {
    running.delete(id);
    const outcome: Outcome =
      broken !== undefined && !killed.signal.aborted
        ? { id, broken }
        : { id, code: code ?? undefined, out: Buffer.concat(out), err };
    if (process.connected) process.send?.(outcome);
  });
}
