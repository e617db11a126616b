import type { EpochMs } from '../../decide/model.ts';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import { parseRetryAfter } from '../../decide/outbox/retry-after.ts';
import type { Sent } from '../http/send-once.ts';
import type { Destination } from './destination.ts';

/** What one sending came to: the wire's own failures alike for all, an answer by the target's rules. */
export function readOutcome(sent: Sent, { classify }: Destination, now: EpochMs): Outcome {
  switch (sent.kind) {
    case 'answered': {
      const { status, body, headers } = sent;
      const retryAfterMs = parseRetryAfter(headers.get('retry-after'), now, headers.get('date'));
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
