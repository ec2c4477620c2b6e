// What `sluice check` is asked, and what it works with.
import { asSluiceError, SluiceError } from '../errors.ts';
import type { PolicyEngine, Progress, RegoModule, Renderer, Repository } from '../ports.ts';

export interface CheckOptions {
  /** The Git working tree (or bare repository) under review. */
  readonly directory: string;
  /** The platform repository's local copy; absent where `directory` is the platform repository. */
  readonly platform: string | undefined;
  /** The reviewed repository's address, where its origin is not it. */
  readonly as: string | undefined;
  readonly base: string | undefined;
  readonly head: string | undefined;
  /** Local copies of other sources, by address. */
  readonly repositories: readonly { readonly url: string; readonly directory: string }[];
  /** ISO date, for waivers. */
  readonly today: string;
}

export interface CheckTools {
  readonly openRepository: (directory: string) => Promise<Repository>;
  readonly renderer: Renderer;
  readonly policyEngine: PolicyEngine;
  /** The Rego that ships with Sluice. */
  readonly shippedPolicies: readonly RegoModule[];
  readonly progress: Progress;
}

/** Opens what an option names. @throws SluiceError as `openRepository`, with the option named */
export async function openNamed(option: string, directory: string, tools: CheckTools): Promise<Repository> {
  try {
    return await tools.openRepository(directory);
  } catch (thrown) {
    const { code, kind, message, remedy, place } = asSluiceError(thrown);
    throw new SluiceError(code, `${option}: ${message}`, { kind, remedy, place, cause: thrown });
  }
}
