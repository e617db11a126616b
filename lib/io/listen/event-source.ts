import { UsageError } from '../../errors.ts';
import { isLoopback } from '../../model/address.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import { type Secret, unwrap } from '../secrets/secret.ts';
import { leastSecretBytes, signingKey } from '../signing.ts';

/** How a source's messages are authenticated over HTTP; `none`: it cannot send over HTTP. */
export type WayIn = 'signed' | 'bearer' | 'unsigned' | 'none';

/**
 * A source with a secret must sign, or for Alertmanager, which cannot sign, send a bearer secret. Without a secret,
 * only sources without a queue can send, only over loopback, and never events meant for an event bus.
 */
export function transportOf(source: EventSourceConfig): WayIn {
  if (source.secrets.length > 0) return source.kind === 'alertmanager' ? 'bearer' : 'signed';
  return source.queue !== undefined || source.kind === 'eventbridge' ? 'none' : 'unsigned';
}

/**
 * Does this `Host` header name this machine? A web page whose own name was pointed at 127.0.0.1 (DNS rebinding) sends
 * its own name.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  const [, host = ''] = /^(\[[\da-f:]+\]|[^:]+)(?::\d{1,5})?$/iu.exec(header ?? '') ?? [];
  return isLoopback(host.toLowerCase().replace(/\.$/u, ''));
}

/** Unsigned sources are never served to a network. Throws UsageError naming the source. */
export function refuseUnsigned(host: string, sources: readonly EventSourceConfig[]): void {
  const open = sources.find((source) => transportOf(source) === 'unsigned');
  if (open === undefined || isLoopback(host)) return;
  throw new UsageError(
    `Listening on ${host} was refused: events.${open.name} has no secret, so anybody could raise its pools; give it a secret, or listen on 127.0.0.1`,
  );
}

/** The same for a signing secret, of an event source or of links. */
export function signingProblem(whose: string, secret: Secret): string | undefined {
  if (signingKey(secret) !== undefined) return undefined;
  return `The secret of ${whose} was refused: it must be "whsec_" and the base64 of at least ${leastSecretBytes} random bytes; make one with: echo "whsec_$(openssl rand -base64 32)"`;
}

/** What is wrong with a source's secret, without the secret; undefined when it can be used. */
export function secretProblem(source: EventSourceConfig, secret: Secret): string | undefined {
  if (source.kind !== 'alertmanager') return signingProblem(`events.${source.name}`, secret);
  const where = `The secret of events.${source.name} was refused`;
  if (Buffer.byteLength(unwrap(secret).trim()) >= leastSecretBytes) return undefined;
  return `${where}: it must have at least ${leastSecretBytes} bytes; make one with: openssl rand -hex 32`;
}
