import { createHash } from 'node:crypto';
import type { Answered } from '../../decide/messages/http-answer.ts';
import type { Target } from '../../decide/messages/target.ts';
import { targetOf } from '../../decide/messages/targets.ts';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import type { DestinationConfig, SecretRef } from '../../model/config.ts';
import { rulesOf } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';
import type { OutgoingMessage, Sent } from '../http/send-once.ts';
import { makeSecret, type Secret, unwrap } from '../secrets/secret.ts';
import { sign } from '../signing.ts';
import type { OutgoingMail } from './smtp.ts';
import type { OutgoingNotification } from './sns.ts';

/** What a destination needs besides its config, read from the secrets. */
type Credentials = {
  /** undefined = the kind's own address. */
  readonly url: Secret | undefined;
  /** PagerDuty's routing key. */
  readonly key: Secret | undefined;
  /** Signing secrets, newest first; empty = unsigned. */
  readonly signing: readonly Secret[];
  /** Of a user at a mail server. */
  readonly password?: Secret | undefined;
  /** Headers beside our own. */
  readonly headers?: { readonly [name: string]: Secret };
};

type Letter = {
  /** The delivery's id: the same for every retry. */
  readonly id: string;
  /** Frozen before the first attempt; holds no secret. */
  readonly body: string;
  /** The time of this attempt. */
  readonly now: EpochMs;
};

type OverHttp = Pick<OutgoingMessage, 'url' | 'headers'> & { readonly body: string };

/** What is known of an outgoing message before it is attempted. */
export type Addressed =
  | OverHttp
  | Omit<OutgoingMail, 'insecure' | 'timeoutMs'>
  | Omit<OutgoingNotification, 'timeoutMs'>;

/** One kind of target: how a letter is put on the wire, and what its answers mean. */
type Destination<A> = {
  /** Throws TypeError where what a kind cannot do without is missing: a config without it is refused long before. */
  readonly address: (letter: Letter, credentials: Credentials) => A;
  readonly classify: (answer: Answered) => Outcome;
};

type Configured = Pick<DestinationConfig, 'kind' | 'format'> &
  Partial<Pick<DestinationConfig, 'name' | 'mail' | 'topic'>>;

/** How its letters are put on the wire, and what its answers mean. */
export function destinationFor(destination: Configured): Destination<Addressed> {
  const { classify } = targetOf(destination.kind);
  const { speaks } = rulesOf(destination.kind);
  if (speaks === 'sns') return { address: ({ body }) => ({ via: 'sns', topic: topicOf(destination), body }), classify };
  if (speaks === 'smtp')
    return { address: (letter, credentials) => mailed(letter, credentials, destination), classify };
  return overHttp(destination);
}

function topicOf({ topic }: Configured): string {
  if (topic === undefined) throw new TypeError('a destination has no topic');
  return topic;
}

function mailed(
  { body }: Letter,
  { url, password }: Credentials,
  { name: list = '', mail }: Configured,
): Omit<OutgoingMail, 'insecure' | 'timeoutMs'> {
  if (url === undefined || mail === undefined) throw new TypeError('a destination has no address');
  const { user, from, to } = mail;
  const login = user === undefined || password === undefined ? undefined : { user, password };
  return { via: 'smtp', url, login, from, to, list, body };
}

/** The same for what speaks HTTP. */
export function overHttp({ kind, format }: Pick<DestinationConfig, 'kind' | 'format'>): Destination<OverHttp> {
  const target = targetOf(kind);
  const { contentType = () => 'application/json; charset=utf-8', keyField, topicField, isSigned, classify } = target;
  return {
    address: ({ id, body, now }, credentials) => ({
      ...placed(addressOf(target, credentials), body, topicField),
      headers: {
        ...(!namesAgent(credentials) && { 'user-agent': 'lamplighter' }),
        ...credentials.headers,
        'content-type': contentType(format),
        ...(isSigned && identified(id, body, credentials, now)),
      },
      ...(keyField !== undefined && { body: withKey(body, keyField, credentials.key) }),
    }),
    classify,
  };
}

/** Case makes no difference, and both together would be sent as one. */
function namesAgent({ headers = {} }: Credentials): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'user-agent');
}

function addressOf(
  { url: own, path, query = {} }: Target,
  { url = own === undefined ? own : makeSecret(own) }: Credentials,
): Secret {
  if (url === undefined) throw new TypeError('a destination has no address');
  const text = path === undefined ? unwrap(url) : endingWith(unwrap(url), path);
  if (Object.keys(query).length === 0 || !URL.canParse(text)) return makeSecret(text);
  const asked = new URL(text);
  for (const [name, value] of Object.entries(query)) asked.searchParams.set(name, value);
  return makeSecret(asked.href);
}

/** Where the last part of the address is a topic, it joins the body, and the rest is the address. */
function placed(
  url: Secret,
  body: string,
  topicField: string | undefined,
): { readonly url: Secret; readonly body: string } {
  const text = unwrap(url);
  if (topicField === undefined || !URL.canParse(text)) return { url, body };
  const address = new URL(text);
  const parts = address.pathname.replace(/\/$/, '').split('/');
  const topic = decoded(parts.pop() ?? '');
  if (topic === '') throw new TypeError('its address has no topic: write https://host/topic');
  address.pathname = `${parts.join('/')}/`;
  return {
    url: makeSecret(address.href),
    body: JSON.stringify({ [topicField]: topic, ...(JSON.parse(body) as object) }),
  };
}

/** Empty where the escapes of an address are broken. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function endingWith(address: string, path: string): string {
  const base = address.replace(/(?<!\/)\/+$/, '');
  return base.endsWith(path) ? base : `${base}${path}`;
}

function identified(id: string, body: string, { signing }: Credentials, now: EpochMs): OutgoingMessage['headers'] {
  return signing.length === 0 ? { 'webhook-id': id } : sign(id, body, signing, now);
}

/** The stored body holds no key: it joins the tree right before it goes out. */
function withKey(body: string, field: string, key: Secret | undefined): string {
  if (key === undefined) throw new TypeError('a destination has no key');
  return JSON.stringify({ [field]: unwrap(key).trim(), ...(JSON.parse(body) as object) });
}

export type ReadSecret = (ref: SecretRef, purpose: 'url' | 'key' | 'secret' | 'header' | 'password') => Promise<Secret>;

/** The credentials, and a fingerprint of them that is safe to store: it only tells whether they have changed. */
export type ReadCredentials = { readonly credentials: Credentials; readonly fingerprint: string };

/** Rejects with a SecretError, naming the reference, when one cannot be had. */
export async function readCredentials(
  { url, key, secrets, mail, headers = [] }: Pick<DestinationConfig, 'url' | 'key' | 'secrets' | 'mail' | 'headers'>,
  read: ReadSecret,
): Promise<ReadCredentials> {
  const address = url?.kind === 'plain' ? makeSecret(url.url) : url && (await read(url, 'url'));
  const routingKey = key && (await read(key, 'key'));
  const signing: Secret[] = [];
  for (const secret of secrets) signing.push(await read(secret, 'secret'));
  const own: { [name: string]: Secret } = {};
  for (const { name, value } of headers) {
    own[name] = value.kind === 'text' ? makeSecret(value.text) : await read(value, 'header');
  }
  const password = mail?.password && (await read(mail.password, 'password'));
  const all = [address, routingKey, ...(password ? [password] : []), ...signing, ...Object.values(own)].map((secret) =>
    secret === undefined ? '' : unwrap(secret),
  );
  const fingerprint = createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 12);
  return { credentials: { url: address, key: routingKey, signing, password, headers: own }, fingerprint };
}

/** What one sending came to: the wire's own failures alike for all, an answer by the target's rules. */
export function readOutcome(sent: Sent, { classify }: Pick<Destination<Addressed>, 'classify'>): Outcome {
  switch (sent.kind) {
    case 'answered': {
      const { status, body, headers, retryAfterMs } = sent;
      return classify({ status, body, contentType: headers.get('content-type') ?? '', retryAfterMs });
    }
    case 'bad-address':
      return { kind: 'address-failed', problem: `its address cannot be used: ${sent.detail}` };
    case 'no-connection':
      return { kind: 'not-sent', problem: sent.detail };
    case 'lost':
      return { kind: 'unknown', retryAfterMs: undefined, problem: sent.detail };
  }
}

/** Every place that a destination's secrets are kept in. */
export function secretsOf({ url, key, secrets, mail, headers = [] }: DestinationConfig): readonly SecretRef[] {
  const values = headers.map(({ value }) => value);
  const refs = [url, key, mail?.password, ...secrets, ...values];
  return refs.flatMap((ref) => (ref === undefined || ref.kind === 'plain' || ref.kind === 'text' ? [] : [ref]));
}
