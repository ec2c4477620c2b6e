import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mentionsIn, renderMarkdown } from '../../../lab/github/pages/markdown.ts';
import { setStage, type Stage } from './stage.ts';

describe('Markdown', () => {
  test.each<[string, string, string]>([
    ['breaks lines', 'a\nb', '<p>a<br />\nb</p>'],
    ['draws tables', '| a |\n| - |\n| b |', '<td>b</td>'],
    ['lets details be', '<details><summary>x</summary>\n\ny\n\n</details>', '<details><summary>x</summary>'],
    ['colours diffs', '```diff\n+a\n-b\n```', '<span class="line add">+a</span><span class="line del">-b</span>'],
    ['shows who is mentioned', 'hi @ada', '<a class="mention" href="/ada">@ada</a>'],
    ['mentions nobody in code', '`@ada`', '<code>@ada</code>'],
  ])('%s', (_name, body, expected) => {
    expect(renderMarkdown(body).text.replaceAll('<br>', '<br />')).toContain(expected);
  });

  test.each([
    '<script>x</script>',
    '<img src=x onerror=x>',
    '<a href="javascript:x">y</a>',
    '<iframe src=x></iframe>',
    '<p style="x">',
  ])('takes the danger out of %s', (body) =>
    expect(renderMarkdown(`a\n\n${body}`).text).not.toMatch(/<script|onerror|javascript:|<iframe|style=/),
  );

  test.each<[string, string[]]>([
    ['@ada and @acme/platform', ['ada', 'acme/platform']],
    ['ada@example.com', []],
    ['`@ada` and [@ada](https://example.com)', []],
    ['```\n@ada\n```', []],
    ['\\@ada', ['ada']],
    ['<b>@ada</b>', ['ada']],
    ['@\u200bada', []],
  ])('%j mentions %j', (body, expected) => {
    expect(mentionsIn(body)).toEqual(expected);
  });
});

describe('pages', () => {
  let stage: Stage;
  let number: number;
  beforeAll(async () => {
    stage = await setStage({ contract: false });
    const { lab, app } = stage;
    const head = await lab.pushFiles('acme/web', 'bob', { branch: 'change', files: { 'a.yaml': 'a: <1>\n' } });
    await lab.protect('acme/web', 'main', { checks: [{ context: 'sluice', app }] });
    number = (await lab.openPullRequest('acme/web', 'bob', { head: 'change', base: 'main', title: '<i>Change</i>' }))
      .number;
    await stage.call(`POST /repos/acme/web/issues/${number}/comments`, { body: '### Blocked' });
    const annotations = [{ path: 'a.yaml', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'wrong' }];
    await stage.call('POST /repos/acme/web/check-runs', {
      name: 'sluice',
      head_sha: head,
      conclusion: 'failure',
      output: { title: 'One to fix', summary: '**Fix it**', annotations },
    });
  });
  afterAll(() => stage.close());

  const read = async (path: string): Promise<string> => {
    const answer = await fetch(`${stage.lab.address}${path}`);
    return `${answer.status} ${await answer.text()}`;
  };
  const send = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${stage.lab.address}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
      redirect: 'manual',
    });

  test('show what there is, escaped', async () => {
    expect(await read('/')).toMatch(/^200 [\s\S]*1 open of 1 pull requests/);
    expect(await read('/acme/web/pulls')).toContain('&lt;i&gt;Change&lt;/i&gt;');
    const pull = await read(`/acme/web/pull/${number}`);
    expect(pull).toContain('<h3>Blocked</h3>');
    expect(pull).toContain('Required status check &quot;sluice&quot; is failing.');
    expect(pull).toMatch(/value="merge" disabled/);
    expect(await read(`/acme/web/pull/${number}/checks`)).toMatch(/<strong>Fix it<\/strong>[\s\S]*wrong/);
    expect(await read(`/acme/web/pull/${number}/files`)).toContain('+a: &lt;1&gt;');
    const [run] = stage.lab.checkRunsOf('acme/web', stage.lab.pull('acme/web', number).pull.head.sha);
    expect(await read(`/acme/web/runs/${run?.id}`)).toContain(`/acme/web/blob/${run?.head}/a.yaml#L1`);
    expect(await read(`/acme/web/blob/${run?.head}/a.yaml`)).toContain('<tr id="L1">');
    expect(await read(`/acme/web/commit/${run?.head}`)).toContain('+a: &lt;1&gt;');
    expect(await read('/acme/web/tree/main')).toContain('README.md');
    expect(await read('/acme/nothing')).toMatch(/^404/);
    expect(await read('/acme/web/blob/main/../../x')).toMatch(/^404/);
  });

  test('comment and merge in the name of a person, when everything has passed', async () => {
    const { lab, call } = stage;
    const path = `/acme/web/pull/${number}`;
    expect((await send(path, { as: 'eve', do: 'merge' })).status).toBe(403);
    expect((await send(path, { as: 'bob', do: 'merge' })).status).toBe(405);
    expect((await send(path, { as: 'bob', do: 'merge' }, { origin: 'https://elsewhere.example' })).status).toBe(403);
    await send(path, { as: 'bob', do: 'comment', body: 'Fixed' });
    expect(lab.listComments('acme/web', number).at(-1)).toMatchObject({ body: 'Fixed', user: { login: 'bob' } });
    await send(path, { as: 'bob', do: 'draft' });
    await send(path, { as: 'bob', do: 'ready' });
    await send(path, { as: 'bob', do: 'close' });
    await send(path, { as: 'bob', do: 'reopen' });
    const { head } = lab.pull('acme/web', number).pull;
    const [run] = lab.checkRunsOf('acme/web', head.sha);
    await send(`/acme/web/runs/${run?.id}`, { as: 'bob', action: '' });
    await lab.waitFor('re-run', () => stage.receiver.names().includes('check_run.rerequested'));
    await call(`PATCH /repos/acme/web/check-runs/${run?.id}`, { conclusion: 'success' });
    expect((await send(path, { as: 'bob', do: 'merge' })).status).toBe(303);
    expect(lab.pull('acme/web', number).pull.mergedBy?.login).toBe('bob');
    expect(await read(path)).toContain('class="state merged"');
    const asked = { ref: lab.pull('acme/web', number).pull.mergeCommit, environment: 'prod <eu>' };
    const { body } = await call('POST /repos/acme/web/deployments', { ...asked, required_contexts: [] });
    const status = { state: 'failure', description: '<b>why', log_url: 'https://example.com/why' };
    await call(`POST /repos/acme/web/deployments/${body.id}/statuses`, status);
    const deployed = /deployed to <b>prod &lt;eu&gt;<\/b>[\s\S]*Failure[\s\S]*&lt;b&gt;why[\s\S]*example.com\/why/;
    expect(await read(path)).toMatch(deployed);
  });
});
