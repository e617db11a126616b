import type { DestinationConfig, HeaderConfig, SecretRef } from '../../model/config.ts';
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
      url:
        input.url === undefined
          ? undefined
          : compileAddress(input.url, insecure, mayBePlain, [...path, 'url'], context),
      key: input.key === undefined ? undefined : compileSecret(input.key, [...path, 'key'], context),
      secrets: compileSecrets(input.secret, [...path, 'secret'], context),
      format: input.format ?? ('json' as const),
      ...(input.headers && { headers: compileHeaders(input.headers, [...path, 'headers'], context) }),
      only: compileOnly(input, path, context),
      fallback: input.fallback,
    };
    const readers = { zone, ...(hasSeveral && { severalRegions: true as const }) };
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
    report.warning(path, `what this ${kind} gets is not signed`, 'add secret: and where the signing secret is kept');
  }
}

function takersOf(key: OwnKey): string {
  const takers = kindNames.filter((kind) => [...rulesOf(kind).needs, ...rulesOf(kind).may].includes(key));
  return takers.length < 2 ? takers.join() : `${takers.slice(0, -1).join(', ')} and ${takers.at(-1)}`;
}

function fixFor(kind: DestinationKind, key: OwnKey): string {
  return key === 'url' && !rulesOf(kind).hasSecretAddress
    ? 'add url: https://host/path, or a reference to it'
    : `add ${key}: { awsSecret: name }, { env: NAME } or { file: path }`;
}

/** Headers that are ours, or the connection's. */
const taken =
  /^(content-(type|length|encoding)|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|proxy-.*|webhook-.*)$/u;
/** What lets somebody in never stands in a config. */
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
    if (secretive.test(lower)) report.error(place, `${name} is a secret and stands here as text`, secretFix);
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
    context.report.error(path, 'an empty list of secrets signs nothing', 'add one: { env: NAME } or the like');
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
