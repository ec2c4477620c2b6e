import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';

/** A server with one empty repository, `<organisation>/<name>`, that ada may push to. Call `stop` in the end. */
export async function startRepository(name: string): Promise<LabGitHub> {
  const [organisation = ''] = name.split('/');
  const github = await startGitHub({ limits: {} });
  github.createUser('ada');
  github.createOrganisation(organisation);
  github.addMember(organisation, 'ada', 'admin');
  await github.createRepository(name);
  return github;
}
