import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { readApi } from '../../config/compile/regions.ts';
import { knownApis } from '../../config/known-apis.ts';
import { findPastedSecrets, redact } from '../../config/pasted-secrets.ts';
import { namePattern } from '../../config/schema/values.ts';
import { checkZone } from '../../config/time-zones.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import { UsageError } from '../../errors.ts';
import type { Environment } from '../../io/secrets/env-secret.ts';
import { findNearest } from '../../model/did-you-mean.ts';

/** Where the token is kept, as the config writes it. */
export type TokenPlace =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly string[] }
  | { readonly awsSecret: string };

export type InitOptions = {
  readonly api?: string;
  readonly region?: string;
  readonly allowHost?: true;
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly tokenCommand?: readonly string[];
  readonly tokenAws?: string;
  readonly timezone?: string;
  readonly output: string;
  readonly yes?: true;
  readonly force?: true;
};

/** Everything that the first config is made from. */
export type InitAnswers = {
  readonly region: string;
  readonly api: string;
  readonly allowHost: boolean;
  readonly token: TokenPlace;
  readonly zone: string;
  readonly output: string;
};

/** What only a person can answer; undefined = nobody is there to ask. */
export type Questions = {
  readonly api: () => Promise<string>;
  readonly token: () => Promise<TokenPlace>;
  readonly zone: (usual: string) => Promise<string>;
};

/** From flags, else from questions, else (the zone) from the machine. Throws UsageError with what is missing. */
export async function gatherAnswers(
  options: InitOptions,
  machineZone: string,
  questions: Questions | undefined,
  env: Environment = {},
): Promise<InitAnswers> {
  refuseBadFlags(options);
  const isAsked = questions !== undefined && options.yes !== true;
  const given = tokenPlace(options) ?? (isAsked ? undefined : usualToken(env));
  if (questions === undefined) refuseGaps(options.api, given);
  const api = options.api ?? (await questions?.api()) ?? '';
  const token = given ?? (await questions?.token()) ?? { env: '' };
  const usual = isScheduleProblem(checkZone(machineZone)) ? 'UTC' : machineZone;
  const asked = options.timezone ?? (options.yes ? usual : await questions?.zone(usual));
  return {
    region: options.region ?? regionName(api),
    api,
    allowHost: options.allowHost === true,
    token,
    zone: readZone(asked ?? usual),
    output: options.output,
  };
}

/** Before anything is asked: who answers three questions wants to hear of a mistake in the flags first. */
function refuseBadFlags(options: InitOptions): void {
  const { api, region, allowHost, timezone, tokenEnv, tokenFile, tokenCommand, tokenAws } = options;
  const problems = [
    ['--api', api === undefined ? undefined : apiProblem(api, allowHost === true)],
    ['--region', region === undefined ? undefined : (pastedProblem(region) ?? regionProblem(region))],
    ['--timezone', pastedProblem(timezone ?? '')],
    ['--token-env', pastedProblem(tokenEnv ?? '')],
    ['--token-file', pastedProblem(tokenFile ?? '')],
    ['--token-command', pastedProblem((tokenCommand ?? []).join('\n'))],
    ['--token-aws', pastedProblem(tokenAws ?? '')],
  ].flatMap(([flag, problem]) => (problem === undefined ? [] : [`${flag}: ${problem}`]));
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  if (timezone !== undefined) readZone(timezone);
}

function refuseGaps(api: string | undefined, token: TokenPlace | undefined): void {
  const missing = [
    api === undefined ? `--api <name or URL> (${knownApis.map(({ name }) => name).join(', ')})` : '',
    token === undefined ? '--token-env NAME, --token-file PATH, --token-command PROGRAM … or --token-aws NAME' : '',
  ].filter((flag) => flag !== '');
  if (missing.length > 0)
    throw new UsageError(`This is not a terminal, so init cannot ask: give ${missing.join(' and ')}`);
}

/** Where people have the token already: our own example's name, the Terraform provider's, and mkcli's. */
const usualTokens = ['MKS_TOKEN', 'CLOUDFERRO_TOKEN', 'MK8S_API_KEY'];

function usualToken(env: Environment): TokenPlace | undefined {
  const name = usualTokens.find((known) => (env[known] ?? '') !== '');
  return name === undefined ? undefined : { env: name };
}

function tokenPlace(options: InitOptions): TokenPlace | undefined {
  const { tokenEnv, tokenFile, tokenCommand, tokenAws, output } = options;
  const places: TokenPlace[] = [];
  if (tokenEnv !== undefined) places.push({ env: tokenEnv });
  if (tokenFile !== undefined) places.push({ file: besideConfig(tokenFile, output) });
  if (tokenCommand !== undefined) places.push({ command: tokenCommand });
  if (tokenAws !== undefined) places.push({ awsSecret: tokenAws });
  if (places.length > 1) throw new UsageError('Give only one of the --token options');
  return places[0];
}

/** A path in a config starts from the config's folder, one on the command line from where the person is. */
export function besideConfig(path: string, output: string): string {
  if (isAbsolute(path)) return path;
  const fromConfig = relative(dirname(resolve(output)), resolve(path));
  return fromConfig.startsWith('.') ? fromConfig : `./${fromConfig}`;
}

function regionName(api: string): string {
  return knownApis.some(({ name }) => name === api) ? api : 'r1';
}

function readZone(written: string): string {
  const zone = checkZone(written);
  if (!isScheduleProblem(zone)) return zone;
  const nearest = findNearest(written, Intl.supportedValuesOf('timeZone'));
  throw new UsageError(`${zone.problem}; ${nearest === undefined ? zone.fix : `did you mean "${nearest}"?`}`);
}

/** What is wrong with the answer and what to do, in one sentence; undefined = nothing. The rules are the config's own. */
export function apiProblem(api: string, allowHost: boolean): string | undefined {
  const outcome = readApi(api, allowHost);
  return outcome.ok ? undefined : asFlag(redact(`${outcome.message}; ${outcome.fix}`));
}

function regionProblem(region: string): string | undefined {
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
