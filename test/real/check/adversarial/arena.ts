// One hostile input at a time: checked twice, its effects looked for, and a good tenant checked right after.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import type { OpaPolicyEngine } from '../../../../src/adapters/opa/engine.ts';
import { type CheckArguments, readArguments } from '../../../../src/command-line/arguments.ts';
import { render } from '../../../../src/command-line/check.ts';
import type { ErrorCode } from '../../../../src/errors.ts';
import type { Report } from '../../../../src/report/report.ts';
import { Checkout, configMap, type Files, platformFiles, TestFleet, urlOf, yaml } from '../fleet.ts';
import { Canaries } from './canaries.ts';

/** One hostile input. In texts, `@LISTENER@` and `@FOLDER@` stand for the canary's address and the fleet's folder. */
export interface Row {
  /** Of adversarial-cases.md: `016`. */
  readonly id: string;
  readonly title: string;
  /** `deploy/case.yaml`, beside tenant a's good ConfigMap. */
  readonly input?: string;
  /** Laid over tenant a's files. */
  readonly files?: Files;
  /** Laid over the platform's files. */
  readonly platform?: Files;
  /** Symbolic links on disk, by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Makes what files and links cannot say, in tenant a's checkout. */
  readonly prepare?: (directory: string) => Promise<unknown>;
  /** More arguments of the command. */
  readonly more?: readonly string[];
  readonly expect: Expectation;
}

export interface Expectation {
  readonly exit: 0 | 1 | 2;
  /** Rules that must deny. */
  readonly rules?: readonly string[];
  /** Codes of errors that must be there; of the command's own failure where there is no report. */
  readonly codes?: readonly ErrorCode[];
  /** How many objects the first of those rules denies. */
  readonly objects?: number;
  /** Words of one of those rules' or errors' message or remedy. */
  readonly says?: RegExp;
  /** `deploy/case.yaml:3` */
  readonly at?: string;
  /** Objects that must be among the changes, and ones that must not. */
  readonly shows?: readonly string[];
  readonly hides?: readonly string[];
  /** Words of some change's diff. */
  readonly diff?: RegExp;
}

const good = { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) };
const verdicts = ['pass', 'blocked', 'error'] as const;

interface Answer {
  readonly exit: number;
  readonly report: Report | undefined;
  /** The report, or what standard error said where there is none. */
  readonly said: string;
  readonly everything: readonly string[];
}

export class Arena {
  readonly fleet: TestFleet;
  readonly canaries: Canaries;
  readonly #platform: Files;
  readonly #goodAnswer: GoodAnswer;
  readonly #prototype: string;
  readonly #children: readonly number[];
  #kills = 0;
  #turn = 0;

  private constructor(
    fleet: TestFleet,
    canaries: Canaries,
    platform: Files,
    goodAnswer: GoodAnswer,
    children: readonly number[],
  ) {
    this.fleet = fleet;
    this.canaries = canaries;
    this.#platform = platform;
    this.#goodAnswer = goodAnswer;
    this.#prototype = prototypeShape();
    this.#children = children;
  }

  static async create(platform: Files = platformFiles, engine?: OpaPolicyEngine): Promise<Arena> {
    const children = childProcesses();
    const fleet = await TestFleet.create(platform, engine);
    // Builds the renderer where that is still to do, before the planted programs are in the way.
    await fleet.toolbox.tools(() => {}).then(({ renderer }) => renderer.parse('x.yaml', new Uint8Array()));
    const canaries = await Canaries.lay();
    const answer = await goodAnswer(fleet, 0);
    expect(answer.exit, answer.error).toBe(0);
    expect((JSON.parse(answer.out) as Report).changes.map(({ object }) => object)).toEqual(['ConfigMap/b-dev/app']);
    return new Arena(fleet, canaries, platform, answer, children);
  }

  /** Lays a row over tenant a's tree and expects what it says. */
  async meet(row: Row): Promise<void> {
    const { a, platform } = this.fleet;
    const files = { ...(row.input === undefined ? {} : { 'deploy/case.yaml': row.input }), ...row.files };
    try {
      await a.write(this.#filled(files));
      await platform.write(this.#filled(row.platform ?? {}));
      for (const [path, target] of Object.entries(row.links ?? {})) {
        await mkdir(dirname(join(a.directory, path)), { recursive: true });
        await symlink(target.replaceAll('@FOLDER@', this.fleet.folder), join(a.directory, path));
      }
      await row.prepare?.(a.directory);
      const named = JSON.stringify([files, row.links], texts).includes('@FOLDER@');
      await this.expect(a, row, named);
    } finally {
      await this.#restore(a, good);
      if (row.platform !== undefined) await this.#restore(platform, this.#platform);
    }
    await this.expectGoodTenant();
  }

  /** Checks a checkout as it stands and expects what the row says. */
  async expect(checkout: Checkout, row: Row, namesFolder = false): Promise<void> {
    const first = await this.#answer(checkout, row);
    // A comment that changes nothing keeps the second build from being answered out of a cache.
    const touched = checkout === this.fleet.a && row.files?.['deploy/app.yaml'] === undefined;
    if (touched) await checkout.write({ 'deploy/app.yaml': `${good['deploy/app.yaml']}\n# again\n` });
    const second = await this.#answer(checkout, row);
    const label = `${row.id} ${row.title}\n${brief(first)}`;
    // A child whose question got no answer, or that went past a limit, is replaced.
    const replaced = first.report?.errors.some(({ code }) => /^source\.|^build\.(timeout|memory|crash)$/.test(code));
    this.#kills += replaced === true ? 2 : 0;
    expect(first.exit, label).toBe(row.expect.exit);
    if (first.report !== undefined) expect(first.report.verdict, label).toBe(verdicts[row.expect.exit]);
    expectWords(row.expect, first, label);
    expect({ exit: second.exit, said: second.said }, 'the second time').toEqual({
      exit: first.exit,
      said: first.said,
    });
    for (const text of first.everything) this.#expectClean(text, label, namesFolder);
    expect(await this.canaries.woken(), label).toEqual([]);
  }

  /** Tenant b's change, a new one each time, is reported as it was before any hostile input. */
  async expectGoodTenant(): Promise<void> {
    expect(await goodAnswer(this.fleet, ++this.#turn)).toEqual(this.#goodAnswer);
  }

  /** Ends the adapters and looks for what the whole suite has left. */
  async close(): Promise<void> {
    const { renderer } = await this.fleet.toolbox.tools(() => {});
    const started = renderer.counters.childrenStarted;
    await this.fleet.close();
    try {
      expect(started).toBeLessThanOrEqual(availableParallelism() + this.#kills * availableParallelism());
      expect(await readdir(this.canaries.temporary)).toEqual([]);
      expect(await this.canaries.woken()).toEqual([]);
      await vi.waitFor(() => expect(childProcesses()).toEqual(this.#children), { timeout: 30_000 });
      expect(prototypeShape()).toBe(this.#prototype);
    } finally {
      await this.canaries.remove();
    }
  }

  /** A bare repository under tenant a's address, for `--head`. */
  bare(folder: string): Checkout {
    return new Checkout(folder, urlOf('a'));
  }

  #filled(files: Files): Files {
    const fill = (text: string): string =>
      text.replaceAll('@LISTENER@', this.canaries.address).replaceAll('@FOLDER@', this.fleet.folder);
    return Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, typeof content === 'string' ? fill(content) : content]),
    );
  }

  async #restore(checkout: Checkout, files: Files): Promise<void> {
    for (const name of await readdir(checkout.directory)) {
      if (name !== '.git') await rm(join(checkout.directory, name), { recursive: true, force: true });
    }
    await checkout.write(files);
  }

  async #answer(checkout: Checkout, row: Row): Promise<Answer> {
    const more = row.more ?? [];
    const { exit, out, error } = await this.fleet.run(checkout, 'json', ...more);
    if (out === '') return { exit, report: undefined, said: error, everything: [error] };
    const report = JSON.parse(out) as Report;
    const terminal = { out: () => {}, error: () => {}, colour: false, live: false, width: 100 };
    const people = ['text', 'markdown'].map((format) =>
      render(report, readArguments(['check', '--format', format]) as CheckArguments, terminal),
    );
    return { exit, report, said: out, everything: [out, error, ...people] };
  }

  #expectClean(text: string, label: string, namesFolder: boolean): void {
    const paths = [...this.canaries.paths, ...(namesFolder ? [] : [this.fleet.folder])];
    for (const path of paths) expect(text.includes(path), `${label}\nholds the path ${path}`).toBe(false);
    for (const hidden of this.canaries.hidden) expect(text.includes(hidden), `${label}\nholds a canary`).toBe(false);
    expect(text, label).not.toMatch(/\n {4}at |root:[x*]?:0:0|node:internal|goroutine \d/);
    expect(text, label).not.toMatch(forbidden);
  }
}

interface GoodAnswer {
  readonly exit: number;
  readonly out: string;
  readonly error: string;
}

async function goodAnswer(fleet: TestFleet, turn: number): Promise<GoodAnswer> {
  const value = `turn-${turn}-`;
  await fleet.b.write({ 'deploy/app.yaml': yaml(configMap('app', 'b-dev', { key: value })) });
  const { exit, out, error } = await fleet.run(fleet.b, 'json');
  return { exit, out: out.replaceAll(value, 'turn'), error };
}

// Escape sequences and other control characters, direction overrides, zero-width characters, line separators.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\0-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

function expectWords(expected: Expectation, answer: Answer, label: string) {
  const { rules = [], codes = [], objects, says, at, shows, hides, diff } = expected;
  const { report, said } = answer;
  if (report === undefined) {
    expect(rules, label).toEqual([]);
    for (const code of codes) expect(said, label).toContain(`[${code}]`);
    if (says !== undefined) expect(said, label).toMatch(says);
    if (at !== undefined) expect(said, label).toContain(at);
    return;
  }
  const denied = report.violations.filter(({ severity, waivedUntil }) => severity === 'deny' && waivedUntil === null);
  for (const rule of rules)
    expect(
      denied.map((one) => one.rule),
      label,
    ).toContain(rule);
  if (objects !== undefined) {
    const first = denied.filter(({ rule }) => rule === rules[0]);
    expect(new Set(first.map(({ object }) => object)).size, label).toBe(objects);
  }
  for (const code of codes)
    expect(
      report.errors.map((one) => one.code),
      label,
    ).toContain(code);
  const speaking = [
    ...denied.filter(({ rule }) => rules.length === 0 || rules.includes(rule)),
    ...report.errors.filter(({ code }) => codes.length === 0 || codes.includes(code)),
  ];
  for (const { message } of speaking) expect(message, label).not.toMatch(/\n/);
  if (says !== undefined)
    expect(speaking.map((one) => `${one.message} — ${one.remedy}`).join('\n'), label).toMatch(says);
  if (at !== undefined)
    expect(
      speaking.map(({ file, line }) => `${file}:${line}`),
      label,
    ).toContain(at);
  const changed = report.changes.map(({ object }) => object);
  for (const object of shows ?? []) expect(changed, label).toContain(object);
  for (const object of hides ?? []) expect(changed, label).not.toContain(object);
  if (diff !== undefined) expect(report.changes.map((change) => change.diff).join('\n'), label).toMatch(diff);
}

/** What an answer says, for the message of a failed expectation. */
function brief({ exit, report, said }: Answer): string {
  if (report === undefined) return said.slice(0, 3000);
  const violations = report.violations
    .filter(({ severity }) => severity === 'deny')
    .map((one) => `${one.rule} ${one.object} ${one.file}:${one.line} ${one.message}`);
  const errors = report.errors.map((one) => `${one.code} ${one.file}:${one.line} ${one.message} — ${one.remedy}`);
  const changes = report.changes.map((one) => `${one.action} ${one.object}\n${one.diff}`);
  return [`exit ${exit}`, ...violations, ...errors, ...changes].join('\n').slice(0, 3000);
}

function texts(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? 'bytes' : value;
}

function prototypeShape(): string {
  return [Object.prototype, Array.prototype, Function.prototype]
    .map((one) => Reflect.ownKeys(one).map(String).toSorted().join())
    .join(';');
}

/** Process ids of this process' children. */
function childProcesses(): number[] {
  return readdirSync('/proc/self/task')
    .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' '))
    .filter((pid) => pid.trim() !== '')
    .map(Number)
    .toSorted((one, other) => one - other);
}
