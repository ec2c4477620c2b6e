// Runs test programs and counts what they say, so that no failure and no skipped test is lost on the way.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs a program on this terminal; its exit code, or 127 where it cannot be started. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(command, args, { cwd, stdio: 'inherit', env: environment() });
  return await new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`${command} cannot be started: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** `go vet`: a failure counts as one, a success as nothing. */
export async function goVet(cwd: string): Promise<Counts> {
  return { passed: 0, failed: (await run('go', ['vet', './...'], cwd)) === 0 ? 0 : 1, skipped: 0 };
}

interface GoEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly ImportPath?: string;
  readonly Test?: string;
  readonly Output?: string;
  readonly Elapsed?: number;
}

/** Runs `go test ./...`, shows a line for each package and the output of what failed, and counts the tests. */
export async function goCounts(cwd: string): Promise<Counts> {
  const child = spawn('go', ['test', '-json', './...'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment(),
  });
  const started = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      console.log(`go cannot be started: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
  const tally = new GoTally();
  for await (const line of createInterface({ input: child.stdout })) tally.take(line);
  return tally.counts((await started) === 0);
}

/** Counts the events of `go test -json`. A test with sub-tests is not counted beside them. */
export class GoTally {
  /** Last action of each test, by package and name. */
  readonly #ends = new Map<string, string>();
  readonly #outputs = new Map<string, string[]>();
  readonly #failedPackages = new Set<string>();

  take(line: string): void {
    let event: GoEvent;
    try {
      event = JSON.parse(line) as GoEvent;
    } catch {
      console.log(line);
      return;
    }
    const place = event.Package ?? event.ImportPath ?? '';
    const key = `${place} ${event.Test ?? ''}`;
    if (event.Output !== undefined) this.#output(key, event.Output, event);
    else if (event.Action === 'fail' || event.Action === 'build-fail') this.#fail(place, key, event);
    else if (event.Test !== undefined && ['pass', 'skip'].includes(event.Action)) {
      this.#ends.set(key, event.Action);
      if (event.Action === 'skip') console.log(`skipped: ${key}`);
      this.#outputs.delete(key);
    }
  }

  counts(succeeded: boolean): Counts {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
    const failed = [...this.#ends].flatMap(([key, action]) => (action === 'fail' ? [key] : []));
    const parents = new Set([...this.#ends.keys()].flatMap(parentsOf));
    const parentsOfFailed = new Set(failed.flatMap(parentsOf));
    for (const [key, action] of this.#ends) {
      // Of a test with sub-tests only a failure of its own counts.
      if (parents.has(key) && (action !== 'fail' || parentsOfFailed.has(key))) continue;
      if (action === 'pass') counts.passed += 1;
      else if (action === 'skip') counts.skipped += 1;
      else counts.failed += 1;
    }
    // A package that does not build, or ends without naming a test, is a failure of its own.
    for (const place of this.#failedPackages) {
      if (!failed.some((key) => key.startsWith(`${place} `))) counts.failed += 1;
    }
    if (!succeeded && counts.failed === 0) counts.failed = 1;
    return counts;
  }

  #output(key: string, output: string, event: GoEvent): void {
    if (event.Test === undefined && /^(ok|FAIL|---|\?)\s/.test(output)) process.stdout.write(output);
    else this.#outputs.set(key, [...(this.#outputs.get(key) ?? []), output]);
  }

  #fail(place: string, key: string, event: GoEvent): void {
    if (event.Test === undefined) this.#failedPackages.add(place.replace(/ \[.*\]$/, ''));
    else this.#ends.set(key, 'fail');
    process.stdout.write((this.#outputs.get(key) ?? []).join(''));
    this.#outputs.delete(key);
  }
}

function parentsOf(key: string): string[] {
  const parents: string[] = [];
  const start = key.indexOf(' ');
  for (let at = key.lastIndexOf('/'); at > start; at = key.lastIndexOf('/', at - 1)) parents.push(key.slice(0, at));
  return parents;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { status: string }[];
  }[];
}

/** Counts Vitest's JSON report; a file that does not load, an error outside tests and a missing report are failures. */
export function vitestCounts(read: () => string, succeeded: boolean): Counts {
  let report: VitestReport;
  try {
    report = JSON.parse(read()) as VitestReport;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const unloaded = report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((one) => one.status === 'failed');
  });
  const failed = report.numFailedTests + unloaded.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

// The renderer is built without cgo: with the same setting its packages are compiled once for both.
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0' };
}
