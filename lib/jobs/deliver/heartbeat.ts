import { destinationId } from '../../decide/incidents/routing.ts';
import { type Beat, decideBeat } from '../../decide/outbox/heartbeat.ts';
import { SecretError } from '../../errors.ts';
import { makeSecret, type Secret, unwrap } from '../../io/secrets/secret.ts';
import { listSenders } from '../records/destination-records.ts';
import { loadRounds } from '../records/last-rounds.ts';
import type { DeliverParts } from './deliver-round.ts';

export type HeartbeatReport = {
  /** The result; undefined = the config has no heartbeat. */
  readonly beat: Beat | undefined;
  /** `not-offered`: degraded, and the receiver has no call for that, so none is made. */
  readonly sent: 'yes' | 'failed' | 'not-offered' | 'no';
};

const timeoutMs = 10_000;
const leastLeftMs = 12_000;

/** Tells the external monitor that Lamplighter runs, or that it is degraded. No call at all means it is down. */
export async function sendHeartbeat(parts: DeliverParts): Promise<HeartbeatReport> {
  const { config, clock, log, send, timeLeftMs } = parts;
  const { heartbeat } = config;
  if (heartbeat === undefined) return { beat: undefined, sent: 'no' };
  const beat = await judge(parts);
  if ((timeLeftMs?.() ?? Number.POSITIVE_INFINITY) < leastLeftMs) return { beat, sent: 'no' };
  try {
    const url = beatAddress(await parts.secret(heartbeat.url, 'url'), beat);
    if (url === undefined) return { beat, sent: 'not-offered' };
    const { insecure } = heartbeat;
    const outcome = await send({ method: 'GET', url, insecure, headers: { 'user-agent': 'lamplighter' }, timeoutMs });
    const isTaken = outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
    if (!isTaken) log.warn('heartbeat not accepted', { outcome: outcome.kind, at: clock.now() });
    return { beat, sent: isTaken ? 'yes' : 'failed' };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    log.warn('heartbeat cannot be sent', { reason: error.message });
    return { beat, sent: 'failed' };
  }
}

async function judge(parts: DeliverParts): Promise<Beat> {
  const { config, clock, store, hash } = parts;
  const senders = new Map((await listSenders(store)).map(({ sender }) => [sender.id, sender]));
  const active = config.destinations.filter(({ retired }) => !retired);
  const broken = active.map((one) => senders.get(destinationId(one, hash))?.broken !== undefined);
  const rounds = await loadRounds(parts);
  const scales = config.rules.length > 0;
  return decideBeat({ now: clock.now(), everyMs: config.everyMs, rounds, scales, broken });
}

/**
 * Where a heartbeat goes. Healthchecks takes a failure at the address with `/fail` after it
 * (healthchecks.io/docs/signaling_failures), Uptime Kuma as `status=down`; others take none: undefined.
 */
export function beatAddress(secret: Secret, beat: Beat): Secret | undefined {
  if (beat.kind === 'ping') return secret;
  const address = unwrap(secret);
  if (!URL.canParse(address)) return secret;
  const url = new URL(address);
  if (url.hostname === 'hc-ping.com' || /\/ping\/[^/]+/.test(url.pathname)) {
    url.pathname = `${url.pathname.replace(/(?<!\/)\/+$/, '')}/fail`;
    return makeSecret(url.href);
  }
  if (!/\/api\/push\/[^/]+/.test(url.pathname)) return undefined;
  url.searchParams.set('status', 'down');
  url.searchParams.set('msg', beat.reason);
  return makeSecret(url.href);
}
