// Lines into a pipe that nobody reads, or not as fast as they come: they get lost, and the process goes on.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const log = pathToFileURL(fileURLToPath(new URL('../../../src/adapters/log/log.ts', import.meta.url))).href;
const lines = 500;
const program = `const { createLog } = await import(${JSON.stringify(log)});
const log = createLog({ level: 'info' });
const started = performance.now();
for (let line = 0; line < ${lines}; line += 1) log.info('x'.repeat(1_000));
process.stderr.write(String(performance.now() - started));`;

/** Who reads: so many bytes after each pause. */
interface Reader {
  readonly pauseMs: number;
  readonly bytes: number;
}

/** One that goes with the test. */
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'sluice-log-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Writes lines into a pipe, and returns how many milliseconds they took and what was read of them, with what the pipe held in the end. */
async function piped(by: Reader | undefined): Promise<{ readonly tookMs: number; readonly read: string }> {
  const path = join(await folder(), 'pipe');
  await promisify(execFile)('mkfifo', [path]);
  const [reader, writer] = [openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), openSync(path, 'w')];
  // As from a shell: a full one holds whoever writes.
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', writer, 'pipe'] });
  closeSync(writer);
  const late = setTimeout(() => child.kill('SIGKILL'), 90_000);
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const ended = once(child, 'close');
  const parts: Buffer[] = [];
  for (let over = false; by !== undefined && !over; ) {
    over = await Promise.race([ended.then(() => true), after(by.pauseMs, false)]);
    parts.push(taken(reader, by.bytes));
  }
  await ended;
  clearTimeout(late);
  for (let part = taken(reader, 65_536); part.length > 0; part = taken(reader, 65_536)) parts.push(part);
  closeSync(reader);
  return { tookMs: Number.parseFloat(told), read: Buffer.concat(parts).toString() };
}

/** Nothing where the pipe is empty. */
function taken(reader: number, most: number): Buffer {
  const bytes = Buffer.alloc(most);
  try {
    return bytes.subarray(0, readSync(reader, bytes));
  } catch {
    return bytes.subarray(0, 0);
  }
}

test.each<[string, Reader | undefined]>([
  ['that nobody reads', undefined],
  ['that is read more slowly than they come', { pauseMs: 50, bytes: 1_200 }],
])('lines into a pipe %s hold the process for a moment, and no line runs into another', async (_how, by) => {
  const { tookMs, read } = await piped(by);
  expect(tookMs).toBeLessThan(20_000);
  const whole = read.split('\n').filter((line) => line.endsWith('}'));
  expect(whole.length).toBeGreaterThan(20);
  expect(whole.length).toBeLessThan(lines);
  for (const line of whole) expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'x'.repeat(1_000) });
});

// By a process that does nothing else: this one may stand still for longer than lines wait.
test('lines into a pipe that is read as they come all get through', async () => {
  const command = `"$0" --input-type=module -e "$1" | cat >"$2"; cat "$2"`;
  const words = [process.execPath, program, join(await folder(), 'read')];
  const { stdout } = await promisify(execFile)('sh', ['-c', command, ...words], { maxBuffer: 10_000_000 });
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level: string }).level),
  ).toEqual(Array.from({ length: lines }, () => 'info'));
});
