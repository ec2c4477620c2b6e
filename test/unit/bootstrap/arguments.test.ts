import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { help, readArguments } from '../../../src/command-line/arguments.ts';
import { bootstrapHelp } from '../../../src/command-line/bootstrap-arguments.ts';

const repo = 'https://github.com/acme/platform';

describe('sluice bootstrap', () => {
  test('takes a cluster and a repository, and has an answer to everything else', () => {
    expect(readArguments(['bootstrap', '--cluster', 'prod-eu', '--repo', repo])).toEqual({
      command: 'bootstrap',
      cluster: 'prod-eu',
      repository: repo,
      branch: 'main',
      path: undefined,
      secret: undefined,
      kubeconfig: undefined,
      context: undefined,
      dryRun: false,
    });
  });

  test('takes all of its options', () => {
    const words = '--cluster=a --branch=live --path=fleets/a --secret=flux-system --kubeconfig=k --context=c --dry-run';
    expect(readArguments(['bootstrap', ...words.split(' '), `--repo=${repo}`])).toMatchObject({
      branch: 'live',
      path: 'fleets/a',
      secret: 'flux-system',
      kubeconfig: 'k',
      context: 'c',
      dryRun: true,
    });
  });

  test.each([
    ['no cluster', ['--repo', repo], /which cluster/],
    ['no repository', ['--cluster', 'a'], /where is the platform/],
    ['a repository over SSH', ['--cluster', 'a', '--repo', 'ssh://git@github.com/acme/platform'], /no address/],
    ['a password', ['--cluster', 'a', '--repo', 'https://x:y@github.com/acme/platform'], /no address/],
    ['a branch that is an option', ['--cluster', 'a', '--repo', repo, '--branch=-x'], /no branch/],
    ['a full ref', ['--cluster', 'a', '--repo', repo, '--branch=refs/heads/main'], /no branch/],
    ['a Secret that cannot be', ['--cluster', 'a', '--repo', repo, '--secret=A/b'], /no name of a Secret/],
    ['a cluster that cannot be', ['--cluster', '', '--repo', repo], /no name of a cluster/],
    ['an unknown option', ['--cluster', 'a', '--repo', repo, '--force'], /Unknown option/],
    ['a word too many', ['prod', '--cluster', 'a', '--repo', repo], /argument/],
  ])('refuses %s', (_, words, message) => {
    expect(() => readArguments(['bootstrap', ...words])).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message), remedy: expect.any(String) }),
    );
  });

  test('tells its password to nobody', () => {
    expect(() => readArguments(['bootstrap', '--cluster', 'a', '--repo', 'https://x:CANARY@h/a/b'])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('CANARY') }),
    );
  });

  test('is in the help and on its page, option by option', async () => {
    expect(help).toContain(bootstrapHelp);
    expect(readArguments(['bootstrap', '--help'])).toEqual({ command: 'help' });
    const page = await readFile(new URL('../../../docs/bootstrap.md', import.meta.url), 'utf8');
    const options = [...bootstrapHelp.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    for (const option of options) expect(page).toContain(`\`${option}`);
  });
});

test.each(['start', 'serve', 'worker', 'agent'])('sluice %s --help is help', (role) => {
  expect(readArguments([role, '--help'])).toEqual({ command: 'help' });
});
