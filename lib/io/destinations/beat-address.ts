import type { Beat } from '../../decide/outbox/heartbeat.ts';
import { makeSecret, type Secret, unwrap } from '../secrets/secret.ts';

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
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`;
    return makeSecret(url.href);
  }
  if (!/\/api\/push\/[^/]+/.test(url.pathname)) return undefined;
  url.searchParams.set('status', 'down');
  url.searchParams.set('msg', beat.reason);
  return makeSecret(url.href);
}
