import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SecretError } from '../../errors.ts';
import { secretsOf } from '../../io/destinations/destinations.ts';
import { secretProblem, signingProblem, transportOf } from '../../io/listen/event-source.ts';
import type { Secret } from '../../io/secrets/secret.ts';
import type { Secrets } from '../../io/secrets/secrets.ts';
import type { CompiledConfig, SecretRef } from '../../model/config.ts';
import { describeSecret } from '../../model/secret-reference.ts';
import { type Check, checksOf } from './check-result.ts';

/** Reads a secret; a string is why it could not be read, safe to show. */
export async function readOrSay(read: () => Promise<Secret>): Promise<Secret | string> {
  try {
    return await read();
  } catch (error) {
    return error instanceof SecretError ? error.message : 'it could not be read';
  }
}

/** Files with secrets that others of this machine may read or write, each once. */
export async function secretFileChecks(config: CompiledConfig): Promise<readonly Check[]> {
  const files = new Map(allSecrets(config).flatMap((ref) => (ref.kind === 'file' ? [[ref.path, ref] as const] : [])));
  return Promise.all([...files.values()].map((ref) => fileCheck(ref)));
}

function allSecrets({
  regions,
  destinations,
  events,
  links,
  heartbeat,
  remoteCalendars = [],
}: CompiledConfig): readonly SecretRef[] {
  return [
    ...regions.map(({ token }) => token),
    ...destinations.flatMap(secretsOf),
    ...events.flatMap(({ secrets }) => secrets),
    ...(links?.secrets ?? []),
    ...(heartbeat ? [heartbeat.url] : []),
    ...remoteCalendars.flatMap(({ address }) => (address === undefined || address.kind === 'plain' ? [] : [address])),
  ];
}

async function fileCheck(ref: SecretRef & { readonly kind: 'file' }): Promise<Check> {
  const { ok, warning, failed } = checksOf(describeSecret(ref));
  const fix = `chmod 600 ${ref.path}`;
  const folder = dirname(ref.path);
  const found = await lookAt(ref.path);
  if (found === undefined) return failed('secret.file', 'it does not exist, or may not be read', 'create it, mode 600');
  if (found.isDirectory()) return failed('secret.file', 'it is a directory', 'name the file in it');
  if ((found.mode & othersWrite) !== 0) return failed('secret.file', 'every user of this machine may write it', fix);
  if (isOpenFolder(await lookAt(folder)))
    return failed(
      'secret.file',
      `every user of this machine may replace it: ${folder} is writable for all`,
      `chmod o-w ${folder}`,
    );
  if ((found.mode & othersRead) !== 0) return warning('secret.file', 'every user of this machine may read it', fix);
  return ok('secret.file', 'only its owner and group may read it');
}

const othersWrite = 0o002;
const othersRead = 0o004;
const sticky = 0o1000;

function lookAt(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** As in /tmp, the sticky bit lets nobody replace what is another's. */
function isOpenFolder(folder: Stats | undefined): boolean {
  return folder !== undefined && (folder.mode & othersWrite) !== 0 && (folder.mode & sticky) === 0;
}

/** Secrets of event sources: there, and hard to guess. */
export async function eventChecks({ events }: CompiledConfig, secrets: Secrets): Promise<readonly Check[]> {
  const checks = events.map(async (source): Promise<readonly Check[]> => {
    const { ok, warning, failed } = checksOf(`event source ${source.name}`);
    if (transportOf(source) === 'unsigned')
      return [
        warning(
          'event.secret',
          'it has no secret: events come in unsigned, over loopback only',
          'give it one: openssl rand -base64 32',
        ),
      ];
    const found = await Promise.all(
      source.secrets.map(async (ref) => {
        const secret = await readOrSay(() => secrets.read(ref, 'secret'));
        return typeof secret === 'string' ? secret : secretProblem(source, secret);
      }),
    );
    const problems = found.filter((problem) => problem !== undefined);
    if (problems.length > 0)
      return problems.map((problem) =>
        failed('event.secret', problem, 'store a valid one where the config says, and give it to the sender'),
      );
    return source.secrets.length === 0 ? [] : [ok('event.secret', 'its secret exists and is long enough')];
  });
  return (await Promise.all(checks)).flat();
}

/** What signs the links of announcements: there, and hard to guess. `run --listen` and the functions refuse what is not. */
export async function linkChecks({ links }: CompiledConfig, secrets: Secrets): Promise<readonly Check[]> {
  if (links === undefined) return [];
  const { ok, failed } = checksOf('links');
  const found = await Promise.all(
    links.secrets.map(async (ref) => {
      const secret = await readOrSay(() => secrets.read(ref, 'secret'));
      return typeof secret === 'string' ? secret : signingProblem('links', secret);
    }),
  );
  const problems = found.filter((problem) => problem !== undefined);
  const fix = 'store a valid one where the config says; links in earlier announcements then stop working';
  if (problems.length > 0) return problems.map((problem) => failed('links.secret', problem, fix));
  return [
    ok(
      'links.secret',
      found.length === 1 ? 'its secret exists and is long enough' : 'its secrets exist and are long enough',
    ),
  ];
}
