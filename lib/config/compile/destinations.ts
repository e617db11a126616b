import { withoutRootDot } from '../../model/address.ts';
import type { DestinationConfig, HeaderConfig, MailConfig, SecretRef } from '../../model/config.ts';
import { type DestinationKind, type OwnKey, ownKeys, rulesOf } from '../../model/destination-kind.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import { kindNames } from '../schema/destinations-events.ts';
import type { Salvaged } from '../validate.ts';
import { compileAddress } from './addresses.ts';
import { type Context, entriesOf, isDefined } from './context.ts';
import { readMatches } from './matches.ts';
import { compileSecret, type SecretInput } from './secrets.ts';
import { readZone } from './windows.ts';

type DestinationInput = Salvaged<NonNullable<ConfigInput['destinations']>[string]>;

export function compileDestinations(context: Context): readonly DestinationConfig[] {
  const zone = readZone(context.input.timezone, ['timezone'], context) ?? 'UTC';
  const hasSeveral = Object.keys(context.input.regions ?? {}).length > 1;
  return entriesOf(context.input.destinations).flatMap(([name, input]) => {
    const path = ['destinations', name];
    const { kind } = input;
    checkKeys(input, path, context);
    checkFallback(name, input, path, context);
    const insecure = input.insecure ?? false;
    const mayBePlain = kind !== undefined && !rulesOf(kind).hasSecretAddress;
    const one = {
      url: input.url === undefined ? undefined : compileUrl(input, mayBePlain, [...path, 'url'], context),
      key: input.key === undefined ? undefined : compileSecret(input.key, [...path, 'key'], context),
      secrets: compileSecrets(input.secret, [...path, 'secret'], context),
      format: input.format ?? ('json' as const),
      ...compileMail(input, path, context),
      ...(input.topic !== undefined && { topic: input.topic }),
      ...(input.headers && { headers: compileHeaders(input.headers, [...path, 'headers'], context) }),
      only: compileOnly(input, path, context),
      fallback: input.fallback,
    };
    const runbooks = context.input.runbooks ?? 'docs/runbooks.md';
    const readers = { zone, ...(hasSeveral && { severalRegions: true as const }), runbooks };
    return kind === undefined ? [] : [{ name, kind, ...one, retired: input.retired ?? false, insecure, ...readers }];
  });
}

/** Each kind has its own keys: what it cannot use is refused, not ignored. */
function checkKeys(input: DestinationInput, path: Path, { report }: Context): void {
  const { kind } = input;
  if (kind === undefined) return;
  const { needs, may } = rulesOf(kind);
  for (const key of needs) {
    if (input[key] === undefined) report.missing(path, key, `${kind} needs a ${key}`, fixFor(kind, key));
  }
  for (const key of ownKeys) {
    if (input[key] === undefined || needs.includes(key) || may.includes(key)) continue;
    report.error([...path, key], `${key} is for ${takersOf(key)}, not for ${kind}`, 'remove it');
  }
  const isKnown = Object.keys(input.headers ?? {}).some((name) => name.toLowerCase() === 'authorization');
  if (may.includes('secret') && input.secret === undefined && !isKnown && !report.isTold([...path, 'secret'])) {
    report.warning(path, `messages to this ${kind} are not signed`, 'add secret: and where the signing secret is kept');
  }
}

/** A mail server's address is written its own way; everything else speaks HTTP. */
function compileUrl(
  input: DestinationInput,
  mayBePlain: boolean,
  path: Path,
  context: Context,
): DestinationConfig['url'] {
  const { url = '', kind, insecure = false } = input;
  if (!isMail(kind) || typeof url !== 'string') return compileAddress(url, insecure, mayBePlain, path, context);
  const whole = withoutRootDot(url) ?? '';
  if (/^smtps?:\/\/(\w[\w.-]*|\[[\da-f:.]+\])(:[1-9]\d{0,4})?\/?$/iu.test(whole) && URL.canParse(whole))
    return { kind: 'plain', url: whole };
  context.report.error(path, 'not the address of a mail server', 'write smtps://host, or smtp://host:587 for STARTTLS');
  return undefined;
}

function isMail(kind: DestinationKind | undefined): boolean {
  return kind !== undefined && rulesOf(kind).speaks === 'smtp';
}

const mostRecipients = 50;

function compileMail(input: DestinationInput, path: Path, context: Context): { readonly mail?: MailConfig } {
  const { kind, from, to, user, password } = input;
  if (kind === undefined || !isMail(kind) || from === undefined || to === undefined) return {};
  const { report } = context;
  const list = (Array.isArray(to) ? to : [to]).filter((one) => one !== undefined);
  const [last = ''] = list.slice(-1);
  if (last === '' && !report.isToldBelow([...path, 'to']))
    report.error([...path, 'to'], 'there is no recipient', 'name an email address');
  if (list.length > mostRecipients) {
    report.error([...path, 'to'], `${list.length} recipients, ${mostRecipients} at most`, 'write to a mailing list');
  }
  if (user !== undefined && password === undefined && !report.isTold([...path, 'password'])) {
    report.missing(path, 'password', 'a user needs a password', fixFor(kind, 'password'));
  }
  if (password !== undefined && user === undefined) {
    report.missing(path, 'user', 'a password needs a user', 'add user: and its name at the server');
  }
  const reference = password && compileSecret(password, [...path, 'password'], context);
  return { mail: { from, to: [...new Set(list)], user, password: reference } };
}

function takersOf(key: OwnKey): string {
  const takers = kindNames.filter((kind) => [...rulesOf(kind).needs, ...rulesOf(kind).may].includes(key));
  return takers.length < 2 ? takers.join() : `${takers.slice(0, -1).join(', ')} and ${takers.at(-1)}`;
}

function fixFor(kind: DestinationKind, key: OwnKey): string {
  if (key === 'topic') return 'add topic: arn:aws:sns:<region>:<account>:<name>';
  if (key === 'from' || key === 'to') return `add ${key}: ops@example.org`;
  if (key === 'url' && isMail(kind)) return 'add url: smtps://host, or smtp://host:587 for STARTTLS';
  return key === 'url' && !rulesOf(kind).hasSecretAddress
    ? 'add url: https://host/path, or a reference to it'
    : `add ${key}: { awsSecret: name }, { env: NAME } or { file: path }`;
}

/** Headers that are ours, or the connection's. */
const taken =
  /^(content-(type|length|encoding)|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|proxy-.*|webhook-.*)$/u;
/** A secret is never written in a config. */
const secretive = /auth|token|key|secret|password|cookie|credential/u;

function compileHeaders(
  given: NonNullable<DestinationInput['headers']>,
  path: Path,
  context: Context,
): readonly HeaderConfig[] {
  const { report } = context;
  const seen = new Set<string>();
  return entriesOf(given).flatMap(([name, value]): readonly HeaderConfig[] => {
    const place = [...path, name];
    const lower = name.toLowerCase();
    if (taken.test(lower)) report.error(place, `${name} is set by Lamplighter or by the connection`, 'remove it');
    if (seen.has(lower)) report.error(place, `${name} is named twice`, 'keep one; case makes no difference');
    seen.add(lower);
    if (typeof value !== 'string') {
      const reference = compileSecret(value, place, context);
      return reference === undefined ? [] : [{ name, value: reference }];
    }
    if (secretive.test(lower)) report.error(place, `${name} is a secret, but is written here as text`, secretFix);
    if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/u.test(value)) {
      report.error(place, 'not the value of a header', 'write printable ASCII, no blank at either end');
    }
    return [{ name, value: { kind: 'text', text: value } }];
  });
}

const secretFix =
  'keep it elsewhere and name it: { awsSecret: name }, { env: NAME } or { file: path }; if it was real, replace it';

function checkFallback(name: string, { fallback }: DestinationInput, path: Path, { input, report }: Context): void {
  if (fallback === undefined) return;
  const place = [...path, 'fallback'];
  if (fallback === name) report.error(place, 'a destination cannot be its own fallback', 'name another one');
  else isDefined(fallback, input.destinations, 'destination', place, report);
}

function compileOnly({ only }: DestinationInput, path: Path, context: Context): DestinationConfig['only'] {
  return {
    severity: only?.severity,
    kinds: only?.kinds?.filter((kind) => kind !== undefined),
    clusters:
      only?.clusters && readMatches(only.clusters, 'clusters', 'any region', [...path, 'only', 'clusters'], context),
  };
}

/** One reference or several, newest first. */
export function compileSecrets(
  secret: SecretInput | readonly (SecretInput | undefined)[] | undefined,
  path: Path,
  context: Context,
): readonly SecretRef[] {
  if (secret === undefined) return [];
  if (isList(secret) && secret.length === 0) {
    context.report.error(path, 'the list of secrets is empty', 'add one: { env: NAME } or the like');
  }
  const list: readonly (readonly [SecretInput | undefined, Path])[] = isList(secret)
    ? secret.map((one, index) => [one, [...path, index]] as const)
    : [[secret, path]];
  return list.flatMap(([one, place]) => {
    const reference = one === undefined ? undefined : compileSecret(one, place, context);
    return reference === undefined ? [] : [reference];
  });
}

function isList<T>(value: T | readonly (T | undefined)[]): value is readonly (T | undefined)[] {
  return Array.isArray(value);
}
