// Runs a peer as people do: a process for each piece of work.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const maxOutputBytes = 256 * 1024 * 1024;

/** Returns what the program printed. @throws Error when it fails, with its own words */
export async function runProcess(program: string, args: readonly string[], directory?: string): Promise<string> {
  const { stdout } = await execute(program, args, { cwd: directory, maxBuffer: maxOutputBytes });
  return stdout;
}

/** Git without what a person configured, and without housekeeping that would fall into a measured time. */
export async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const quiet = ['-c', 'gc.auto=0', '-c', 'maintenance.auto=false', '-c', 'advice.detachedHead=false'];
  const person = ['-c', 'user.name=Ada Example', '-c', 'user.email=ada@acme.example'];
  return await runProcess('git', [...quiet, ...person, ...args], directory);
}
