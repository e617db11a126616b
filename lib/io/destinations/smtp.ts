import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Mail, stages } from '../../decide/messages/email.ts';
import type { Clock } from '../clock.ts';
import { late, startDeadline } from '../http/deadline.ts';
import { describeNetworkFailure } from '../http/network-failure.ts';
import type { Sent } from '../http/send-once.ts';
import { type Secret, unwrap } from '../secrets/secret.ts';
import { readMailServer } from './mail-server.ts';

/** One mail for one server. */
export type OutgoingMail = {
  readonly via: 'smtp';
  /** smtps://host[:465] (TLS from the start) or smtp://host[:587] (STARTTLS, and nothing without it). */
  readonly url: Secret;
  /** Allows `smtp:` without TLS. */
  readonly insecure: boolean;
  readonly login: { readonly user: string; readonly password: Secret } | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** The destination's name, for List-Id. */
  readonly list: string;
  /** A Mail as JSON. */
  readonly body: string;
  readonly timeoutMs: number;
};

/**
 * Hands one mail to its server: one connection, one deadline over everything, no retry. Never throws. Until the server has
 * asked for the message, nothing can have arrived; afterwards a lost connection leaves it open.
 */
export async function sendMail({ clock }: { readonly clock: Clock }, mail: OutgoingMail): Promise<Sent> {
  const server = readMailServer(unwrap(mail.url));
  if (server === undefined) return { kind: 'bad-address', detail: 'it is not smtps://host or smtp://host' };
  const deadline = startDeadline(clock, mail.timeoutMs);
  const talk: Talk = { stage: 'greeting', isHandedOver: false };
  const connection = new SMTPConnection({
    ...server,
    ...(mail.insecure && !server.secure ? { ignoreTLS: true } : { requireTLS: !server.secure }),
    name: 'lamplighter',
    connectionTimeout: mail.timeoutMs,
    greetingTimeout: mail.timeoutMs,
    socketTimeout: mail.timeoutMs,
    socketCloseTimeout: 0,
  });
  try {
    const answer = await deadline.race(converse(connection, mail, talk));
    return answer === late ? lostOr(talk, 'timeout', 'no answer came in time') : answer;
  } catch (error) {
    return failureOf(error, talk);
  } finally {
    deadline.cancel();
    connection.close();
  }
}

type Talk = { stage: keyof typeof stages; isHandedOver: boolean };

async function converse(connection: SMTPConnection, mail: OutgoingMail, talk: Talk): Promise<Sent> {
  await step(connection, (done) => connection.connect(done));
  const { login } = mail;
  if (login !== undefined) {
    talk.stage = 'login';
    const credentials = { user: login.user, pass: unwrap(login.password) };
    await step(connection, (done) => connection.login({ credentials }, done));
  }
  talk.stage = 'envelope';
  const bytes = await compose(mail);
  const message = new Readable({
    read() {
      talk.stage = 'message';
      talk.isHandedOver = true;
      this.push(bytes);
      this.push(null);
    },
  });
  const envelope = { from: mail.from, to: [...mail.to], size: bytes.length };
  const { rejected } = await step<Taken>(connection, (done) => connection.send(envelope, message, done));
  connection.quit();
  const count = rejected?.length ?? 0;
  const body = count === 0 ? 'message' : `message: the server refused ${count} of ${mail.to.length} recipients`;
  return { kind: 'answered', status: 250, headers: new Headers(), body, bodyEnd: 'whole', retryAfterMs: undefined };
}

type Taken = { readonly rejected?: readonly unknown[] };

/** One step of the conversation; an error of the connection ends it, whichever step it is. */
function step<T = unknown>(
  connection: SMTPConnection,
  run: (done: (error?: Error | null, result?: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    connection.once('error', reject);
    connection.once('end', () => reject(new TypeError('the connection ended')));
    run((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

/** A mail program shows together what names the same incident; a list and an automatic sender say that they are. */
function compose({ from, to, list, body }: OutgoingMail): Promise<Buffer> {
  const { subject, text, html, id, incident } = JSON.parse(body) as Mail;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const thread =
    incident === undefined ? {} : { inReplyTo: `<${incident}@${domain}>`, references: `<${incident}@${domain}>` };
  return new MailComposer({
    from: { name: 'Lamplighter', address: from },
    to: [...to],
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    messageId: `<${id}@${domain}>`,
    ...thread,
    headers: {
      // RFC 2919; RFC 3834: no holiday answers.
      'List-Id': `Lamplighter ${list} <${list.toLowerCase().replace(/[^a-z0-9-]+/g, '-')}.lamplighter.${domain}>`,
      'Auto-Submitted': 'auto-generated',
    },
  })
    .compile()
    .build();
}

function failureOf(error: unknown, talk: Talk): Sent {
  const { responseCode, code } = error as { readonly responseCode?: unknown; readonly code?: unknown };
  if (typeof responseCode === 'number' && responseCode >= 400) return refused(responseCode, talk.stage);
  // The server has said how much it takes, and is not asked (RFC 1870).
  if (code === 'EMESSAGE') return refused(552, 'message');
  if (code === 'ETLS') return { kind: 'no-connection', detail: tlsProblem(error) };
  if (talk.stage === 'login') return { kind: 'no-connection', detail: 'its server does not support this login' };
  const { detail } = describeNetworkFailure(withCause(error));
  return lostOr(talk, 'reset', detail);
}

function refused(status: number, stage: Talk['stage']): Sent {
  const headers = new Headers();
  return { kind: 'answered', status, headers, body: stage, bodyEnd: 'whole', retryAfterMs: undefined };
}

/** The library puts its own code over that of the network, which stays in the error it wraps or in its text. */
function withCause(error: unknown): unknown {
  const { code, cause, errno, message = '' } = error as { [key: string]: unknown };
  if (cause !== undefined) return cause;
  const [, inText] = /\b(E[A-Z]{4,20})\b/.exec(String(message)) ?? [];
  return { code: inText ?? (code === 'ESOCKET' || code === 'ECONNECTION' ? 'ECONNRESET' : code), errno };
}

function tlsProblem(error: unknown): string {
  const { detail } = describeNetworkFailure((error as { readonly cause?: unknown }).cause ?? {});
  return detail.includes('certificate')
    ? detail
    : 'it offers no TLS: use smtps://, another port, or `insecure: true` for a server of your own';
}

function lostOr({ isHandedOver }: Talk, reason: 'timeout' | 'reset', detail: string): Sent {
  return isHandedOver ? { kind: 'lost', reason, detail } : { kind: 'no-connection', detail };
}
