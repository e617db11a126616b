import { describe, expect, test } from 'vitest';
import { destinationFor, readOutcome } from '../../../lib/io/destinations/destinations.ts';
import { readRetryAfterMs } from '../../../lib/io/http/retry-after.ts';
import type { Sent } from '../../../lib/io/http/send-once.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';

const now = Date.UTC(2026, 10, 23, 6);

function answered(status: number, body = '', headers: Record<string, string> = {}): Sent {
  const sent = new Headers(headers);
  const retryAfterMs = readRetryAfterMs(sent, now);
  return { kind: 'answered', status, headers: sent, body, bodyEnd: 'whole', retryAfterMs };
}

function outcomeOf(kind: DestinationConfig['kind'], sent: Sent) {
  return readOutcome(sent, destinationFor({ kind, format: 'json' }));
}

const failed = '{"retry_after":1,"ok":false,"error":"rate_limited"}';
const oldConnector = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error';

describe('a success that is none says what its body was', () => {
  test.each([
    ['slack', '<html>sign in</html>', 'with a web page'],
    ['slack', '', 'with an empty body'],
    [
      'slack',
      '{"ok":false,"error":"secret-9f8e7d"}',
      'with JSON that does not confirm the message, but names an error',
    ],
    ['mattermost', 'welcome secret-9f8e7d', 'with a text of 21 characters'],
    ['discord', '{"retry":"secret-9f8e7d"}', 'with JSON that does not confirm'],
  ] as const)('%s: %s', (kind, body, says) => {
    const outcome = outcomeOf(kind, answered(200, body));
    expect(outcome).toMatchObject({ kind: 'unknown' });
    const { problem } = outcome as { problem: string };
    expect(problem).toContain(`it answered 200 ${says}`);
    expect(problem).not.toContain('secret');
  });
});

describe('what an answer means', () => {
  test.each([
    ['slack', 200, 'ok', 'confirmed'],
    ['slack', 200, 'invalid_payload', 'body-refused'],
    ['slack', 200, 'channel_is_archived', 'address-failed'],
    ['slack', 200, '<html>blocked</html>', 'unknown'],
    ['slack', 400, 'invalid_payload', 'body-refused'],
    ['slack', 400, 'invalid_token', 'address-failed'],
    ['slack', 403, 'action_prohibited', 'address-failed'],
    ['slack', 404, 'channel_not_found', 'address-failed'],
    ['slack', 410, 'channel_is_archived', 'address-failed'],
    ['slack', 500, 'rollup_error', 'unknown'],
    ['slack', 429, failed, 'wait'],
    ['slack', 302, '', 'address-failed'],
    ['teams', 202, '', 'accepted'],
    ['teams', 200, '1', 'accepted'],
    ['teams', 200, `${oldConnector} 429`, 'wait'],
    ['teams', 200, `${oldConnector} 413`, 'body-refused'],
    ['teams', 200, `${oldConnector} 502`, 'unknown'],
    ['teams', 401, '', 'address-failed'],
    ['teams', 400, '', 'body-refused'],
    ['discord', 200, '{"id":"1"}', 'confirmed'],
    ['discord', 200, '<html>', 'unknown'],
    ['discord', 204, '', 'accepted'],
    ['discord', 404, '{"code":10015}', 'address-failed'],
    ['mattermost', 200, 'ok', 'confirmed'],
    ['mattermost', 200, 'nope', 'unknown'],
    ['mattermost', 400, '', 'body-refused'],
    ['googlechat', 200, '{"name":"spaces/A/messages/B"}', 'confirmed'],
    ['googlechat', 200, '<html>', 'unknown'],
    ['googlechat', 400, '{"error":{"status":"INVALID_ARGUMENT"}}', 'body-refused'],
    ['googlechat', 400, '{"error":{"message":"API key not valid."}}', 'address-failed'],
    ['googlechat', 404, '', 'address-failed'],
    ['googlechat', 429, '', 'wait'],
    ['ntfy', 200, '{"id":"a","event":"message"}', 'confirmed'],
    ['ntfy', 200, '<html>', 'unknown'],
    ['ntfy', 403, '{"code":40301}', 'address-failed'],
    ['ntfy', 413, '', 'body-refused'],
    ['ntfy', 429, '{"code":42901}', 'wait'],
    ['ntfy', 507, '', 'unknown'],
    ['pagerduty', 202, '{"status":"success"}', 'accepted'],
    ['pagerduty', 200, '', 'unknown'],
    ['pagerduty', 400, `{"errors":["Length of 'routing_key' is incorrect"]}`, 'address-failed'],
    ['pagerduty', 400, '{"errors":["summary is missing"]}', 'body-refused'],
    ['pagerduty', 429, '', 'wait'],
    ['pagerduty', 500, '', 'unknown'],
    ['webhook', 200, '', 'confirmed'],
    ['webhook', 202, '', 'accepted'],
    ['webhook', 204, '', 'confirmed'],
    ['webhook', 301, '', 'address-failed'],
    ['webhook', 401, '', 'address-failed'],
    ['webhook', 403, '', 'address-failed'],
    ['webhook', 405, '', 'address-failed'],
    ['webhook', 408, '', 'unknown'],
    ['webhook', 410, '', 'address-failed'],
    ['webhook', 413, '', 'body-refused'],
    ['webhook', 415, '', 'body-refused'],
    ['webhook', 422, '', 'body-refused'],
    ['webhook', 429, '', 'wait'],
    ['webhook', 502, '', 'unknown'],
    ['webhook', 504, '', 'unknown'],
    ['alertmanager', 200, '', 'confirmed'],
    ['alertmanager', 400, '', 'body-refused'],
    ['alertmanager', 404, '', 'address-failed'],
  ] as const)('%s %i %s: %4$s', (kind, status, body, expected) => {
    expect(outcomeOf(kind, answered(status, body)).kind).toBe(expected);
  });

  test.each([
    [{ kind: 'no-connection', detail: 'it refused the connection' }, 'not-sent'],
    [{ kind: 'lost', reason: 'timeout', detail: 'no answer came in time' }, 'unknown'],
    [{ kind: 'lost', reason: 'reset', detail: 'the connection broke' }, 'unknown'],
    [{ kind: 'bad-address', detail: 'it is not a URL' }, 'address-failed'],
  ] as const)('the wire: %o', (sent, expected) => {
    for (const kind of ['googlechat', 'ntfy', 'slack', 'pagerduty', 'webhook'] as const)
      expect(outcomeOf(kind, sent).kind).toBe(expected);
  });
});

describe('how long to wait', () => {
  test.each([
    ['slack', '30', '', 30_000],
    ['slack', '', failed, 1_000],
    ['discord', '', '{"retry_after": 64.57, "global": false}', 65_000],
    ['webhook', 'Mon, 23 Nov 2026 06:02:00 GMT', '', 120_000],
    ['webhook', '0.5', '', 1_000],
    ['pagerduty', '', '', undefined],
  ] as const)('%s %s %s', (kind, header, body, expected) => {
    const headers: Record<string, string> = header === '' ? {} : { 'retry-after': header };
    expect(outcomeOf(kind, answered(429, body, headers))).toMatchObject({ kind: 'wait', retryAfterMs: expected });
  });
});

test('an answer’s own words are never shown', () => {
  const echo = 'https://hooks.slack.com/services/T0/B0/c0ffee';
  for (const kind of [
    'googlechat',
    'ntfy',
    'slack',
    'teams',
    'discord',
    'mattermost',
    'pagerduty',
    'webhook',
  ] as const) {
    for (const status of [200, 400, 404, 429, 500]) {
      expect(JSON.stringify(outcomeOf(kind, answered(status, echo)))).not.toContain('c0ffee');
    }
  }
});
