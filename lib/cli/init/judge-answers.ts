import { findPastedSecrets } from '../../config/pasted-secrets.ts';
import { readApi } from '../../config/read-api.ts';
import { namePattern } from '../../config/schema/values.ts';

/** What is wrong with the answer and what to do, in one sentence; undefined = nothing. The rules are the config's own. */
export function apiProblem(api: string, allowHost: boolean): string | undefined {
  const outcome = readApi(api, allowHost);
  return outcome.ok ? undefined : asFlag(`${outcome.message}; ${outcome.fix}`);
}

export function regionProblem(region: string): string | undefined {
  if (namePattern.test(region)) return undefined;
  return `"${region}" is not a usable name; use letters, digits, ".", "_" and "-", 63 at most`;
}

/** Whoever gives the secret itself, where its place is asked for. Never repeats what was given. */
export function pastedProblem(given: string): string | undefined {
  const [first] = findPastedSecrets(given);
  if (first === undefined) return undefined;
  return `this looks like ${first.what}; name the place where it is kept, and replace it: your shell may remember it`;
}

/** A config's way out in the words of the command line. */
export function asFlag(text: string): string {
  return text.replace('add allowHost: true', 'add --allow-host');
}
