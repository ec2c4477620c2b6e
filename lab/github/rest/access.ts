// Who calls, and what they may.
import { createVerify } from 'node:crypto';
import { atLeast, type Level } from '../account.ts';
import type { Actor, App, Permissions } from '../app.ts';
import type { Repository } from '../repository.ts';
import type { World } from '../world.ts';
import { notFound, Refusal } from './refusal.ts';

/** @throws Refusal 401 where credentials are given and wrong */
export function whoCalls(world: World, authorization: string | undefined): Actor {
  if (authorization === undefined) return { kind: 'nobody' };
  const [scheme = '', value = ''] = authorization.split(/\s+/, 2);
  if (scheme.toLowerCase() === 'basic') {
    const [, secret = ''] = Buffer.from(value, 'base64').toString().split(':', 2);
    return bearer(world, secret);
  }
  return bearer(world, value);
}

function bearer(world: World, secret: string): Actor {
  const user = world.userTokens.get(secret);
  if (user !== undefined) return { kind: 'user', user };
  const token = world.tokens.get(secret);
  if (token !== undefined) {
    const { installation } = token;
    if (token.expiresAt <= world.clock.now() || !world.installations.has(installation.id)) throw badCredentials();
    if (installation.suspendedAt !== undefined) {
      throw new Refusal(403, 'This installation has been suspended');
    }
    return { kind: 'installation', installation, token };
  }
  if (secret.split('.').length === 3 && !secret.startsWith('ghs_'))
    return { kind: 'app', app: verifyJwt(world, secret) };
  throw badCredentials();
}

function badCredentials(): Refusal {
  return new Refusal(401, 'Bad credentials');
}

/** An App's JSON web token: RS256, issued in the past, for ten minutes at most. */
function verifyJwt(world: World, token: string): App {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = parse(payload);
  const header = parse(head);
  const issuer = String(claims['iss']);
  const app = [...world.apps.values()].find(({ id, clientId }) => String(id) === issuer || clientId === issuer);
  const verifier = createVerify('RSA-SHA256').update(`${head}.${payload}`);
  if (app === undefined) throw new Refusal(401, "'Issuer' claim ('iss') must be a valid App ID");
  if (header['alg'] !== 'RS256' || !verifier.verify(app.publicKey, Buffer.from(signature, 'base64url'))) {
    throw new Refusal(401, 'A JSON web token could not be decoded');
  }
  const now = world.clock.now() / 1000;
  const { iat, exp } = claims;
  if (typeof iat !== 'number' || iat > now) {
    throw new Refusal(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (typeof exp !== 'number' || exp <= now) {
    throw new Refusal(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > now + 600) throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  return app;
}

function parse(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    throw new Refusal(401, 'A JSON web token could not be decoded');
  }
}

/** What an installation's token may now: what the token was given, as far as the installation still has it. */
export function grants(permissions: Permissions, ceiling: Permissions, needed: string): boolean {
  return needed.split('|').some((one) => {
    const [name = '', level = 'read'] = one.split(':');
    const has = (map: Permissions): boolean => map[name] === 'write' || (level === 'read' && map[name] === 'read');
    return name === 'metadata' || (has(permissions) && has(ceiling));
  });
}

export function seesRepository(world: World, actor: Actor, repository: Repository): boolean {
  if (!repository.private) return true;
  if (actor.kind === 'user') return world.levelOf(actor.user, repository) !== 'none';
  if (actor.kind !== 'installation') return false;
  const { installation, token } = actor;
  return (
    world.covers(installation, repository) &&
    (token.repositories === undefined || token.repositories.has(repository.id))
  );
}

/** @throws Refusal 404 where the caller cannot see the repository, 403 where it sees and may not */
export function authorise(
  world: World,
  actor: Actor,
  repository: Repository,
  needs: string,
  more: { readonly person?: Level; readonly apps?: boolean; readonly reads: boolean },
): void {
  if (!seesRepository(world, actor, repository)) throw notFound();
  if (actor.kind === 'installation') {
    const covered =
      world.covers(actor.installation, repository) &&
      (actor.token.repositories === undefined || actor.token.repositories.has(repository.id));
    if (
      (!covered && !more.reads) ||
      (covered && !grants(actor.token.permissions, actor.installation.permissions, needs))
    ) {
      throw new Refusal(403, 'Resource not accessible by integration', {
        headers: { 'x-accepted-github-permissions': needs.replaceAll(':', '=').replaceAll('|', '; ') },
      });
    }
  } else if (actor.kind === 'user') {
    if (more.apps === true) throw new Refusal(403, 'You must authenticate via a GitHub App.');
    const needed = more.person ?? (more.reads ? 'read' : 'write');
    if (!atLeast(world.levelOf(actor.user, repository), needed)) {
      throw new Refusal(
        403,
        needed === 'admin' ? 'Must have admin rights to Repository.' : 'Must have write access to Repository.',
      );
    }
  } else if (!more.reads) throw new Refusal(401, 'Requires authentication');
  if (repository.archived && !more.reads) {
    throw new Refusal(403, 'Repository was archived so is read-only.');
  }
}
