import { targetOf } from '../../decide/messages/targets.ts';
import { SecretError } from '../../errors.ts';
import { destinationFor, readCredentials } from '../../io/destinations/destinations.ts';
import { readMailServer } from '../../io/destinations/mail-server.ts';
import { readAddress } from '../../io/http/send-once.ts';
import { makeSecret, type Secret, unwrap } from '../../io/secrets/secret.ts';
import type { Secrets } from '../../io/secrets/secrets.ts';
import type { CompiledConfig, DestinationConfig } from '../../model/config.ts';
import { type DestinationKind, rulesOf } from '../../model/destination-kind.ts';
import { type Check, checksOf } from './check-result.ts';
import { readOrSay } from './secret-checks.ts';

/** Resolves when the host's name is known here; rejects with Node's own error. */
type LookUp = (host: string) => Promise<unknown>;

export type DestinationParts = {
  readonly secrets: Secrets;
  readonly lookUp: LookUp;
  /** Its name is looked up by a proxy, not here. */
  readonly isProxied: (url: URL) => boolean;
};

/** Everything about destinations that can be told without posting to them: `outbox test` does that. */
export async function destinationChecks(config: CompiledConfig, parts: DestinationParts): Promise<readonly Check[]> {
  const own = config.destinations.filter(({ retired }) => !retired).map((one) => destinationCheck(one, parts));
  const { heartbeat } = config;
  const beat = heartbeat
    ? [
        addressChecks(
          'heartbeat',
          await readOrSay(() => parts.secrets.read(heartbeat.url, 'url')),
          heartbeat.insecure,
          undefined,
          parts,
        ),
      ]
    : [];
  return (await Promise.all([...own, ...beat])).flat();
}

async function destinationCheck(destination: DestinationConfig, parts: DestinationParts): Promise<readonly Check[]> {
  const { name, key, secrets, headers = [], mail, kind, insecure } = destination;
  const password = mail?.password;
  const kept = headers.flatMap(({ value }) => (value.kind === 'text' ? [] : [value]));
  const about = `destination ${name}`;
  const { failed } = checksOf(about);
  const others = [
    ...(key ? [await readOrSay(() => parts.secrets.read(key, 'key'))] : []),
    ...(password ? [await readOrSay(() => parts.secrets.read(password, 'password'))] : []),
    ...(await Promise.all(secrets.map((ref) => readOrSay(() => parts.secrets.read(ref, 'secret'))))),
    ...(await Promise.all(kept.map((ref) => readOrSay(() => parts.secrets.read(ref, 'header'))))),
  ];
  const unreadable = others.filter((each) => typeof each === 'string');
  const unusable = unreadable.length > 0 ? [] : await unusableOf(destination, parts);
  const problems = [...unreadable, ...unusable].map((why) =>
    failed('destination', why, 'put the secret where the config says'),
  );
  if (destination.topic !== undefined) return [...problems, topicCheck(about, destination.topic)];
  return [...problems, ...(await addressChecks(about, await addressOf(destination, parts), insecure, kind, parts))];
}

/** Why no message could be put on the wire with what is kept: found as a sender would find it. The address is judged apart. */
async function unusableOf(destination: DestinationConfig, { secrets }: DestinationParts): Promise<readonly string[]> {
  try {
    const elsewhere = { ...destination, url: { kind: 'plain', url: 'https://localhost/' } } as const;
    const { credentials } = await readCredentials(elsewhere, secrets.read);
    destinationFor(destination).address({ id: 'doctor', body: '{}', now: 0 }, credentials);
    return [];
  } catch (error) {
    if (error instanceof SecretError) return [error.message];
    // A kind's own key or address that is missing is a matter of the config, and refused there.
    if (error instanceof TypeError) return [];
    throw error;
  }
}

async function addressOf({ url, kind }: DestinationConfig, { secrets }: DestinationParts): Promise<Secret | string> {
  if (url === undefined) return makeSecret(targetOf(kind).url ?? '');
  return url.kind === 'plain' ? makeSecret(url.url) : readOrSay(() => secrets.read(url, 'url'));
}

/** The address is a secret: of it only the host is shown. */
async function addressChecks(
  about: string,
  given: Secret | string,
  insecure: boolean,
  kind: DestinationKind | undefined,
  { lookUp, isProxied }: DestinationParts,
): Promise<readonly Check[]> {
  const { warning, failed, unknown } = checksOf(about);
  if (typeof given === 'string') return [failed('destination', given, 'put the address where the config says')];
  if (kind !== undefined && rulesOf(kind).speaks === 'smtp') return mailServerChecks(about, unwrap(given), lookUp);
  const address = readAddress(unwrap(given), insecure);
  if (!address.ok) {
    const fix = isWebAddress(unwrap(given)) ? undefined : 'copy it again from the service';
    return [failed('destination', `its address cannot be used: ${address.problem}`, fix)];
  }
  const { hostname } = address.url;
  const pattern = kind && targetOf(kind).hosts;
  if (hostname.endsWith('.webhook.office.com'))
    return [
      warning(
        'destination',
        `${hostname} is the old kind of Teams webhook, which Microsoft switches off`,
        'make a workflow webhook in Teams and use its address',
      ),
    ];
  if (pattern && !pattern.test(hostname))
    return [warning('destination', `${hostname} is not a host of ${kind} webhooks`, `check the address, or the kind`)];
  if (isProxied(address.url))
    return [unknown('destination', `${hostname} is looked up by the proxy, not here`, testIt(about))];
  return hostChecks(about, hostname, lookUp);
}

/** Whatever else is wrong with such a one, the problem itself says what to write in its place. */
function isWebAddress(text: string): boolean {
  return /^https?:/iu.test(text) && URL.canParse(text);
}

/** Whether it may be published to shows only when something is. */
function topicCheck(about: string, topic: string): Check {
  return checksOf(about).unknown(
    'destination',
    `whether Lamplighter may publish to ${topic} is not known before it sends a message`,
    testIt(about),
  );
}

async function mailServerChecks(about: string, given: string, lookUp: LookUp): Promise<readonly Check[]> {
  const server = readMailServer(given);
  if (server !== undefined) return hostChecks(about, server.host, lookUp);
  const { failed } = checksOf(about);
  return [failed('destination', 'its address is not that of a mail server', 'write smtps://host, or smtp://host:587')];
}

async function hostChecks(about: string, hostname: string, lookUp: LookUp): Promise<readonly Check[]> {
  const { ok, failed } = checksOf(about);
  try {
    await lookUp(hostname.replace(/^\[|\]$/g, ''));
    return [ok('destination', `${hostname} is known, and the address is well formed; nothing was posted`)];
  } catch {
    const text = `the host ${hostname} could not be looked up`;
    return [failed('destination', text, 'check how it is spelled, and the DNS of this machine')];
  }
}

function testIt(about: string): string {
  return about.startsWith('destination ')
    ? `send a test: lamplighter outbox test ${about.slice(12)}`
    : 'watch whether it arrives';
}
