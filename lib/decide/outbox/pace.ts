import type { DestinationKind } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import type { Bucket } from './sender.ts';

type Pace = { readonly burst: number; readonly everyMs: number };

/**
 * How fast each target may be written to, so that any minute stays within its rate. Slack: 1 message a second
 * (docs.slack.dev/apis/web-api/rate-limits). PagerDuty: about 120 events a minute and key
 * (developer.pagerduty.com/docs/events-api-v2-overview). Discord: 30 messages a minute and webhook
 * (discord.com/developers/docs/topics/rate-limits). Teams: 4 a second, 60 in 30 seconds
 * (learn.microsoft.com, "Rate limiting for connectors"). Mattermost: 10 a second by default. Others: our own measure.
 */
const paces: { readonly [kind in DestinationKind]: Pace } = {
  slack: { burst: 1, everyMs: 1_000 },
  teams: { burst: 4, everyMs: 1_000 },
  discord: { burst: 5, everyMs: 2_400 },
  mattermost: { burst: 5, everyMs: 500 },
  pagerduty: { burst: 20, everyMs: 600 },
  alertmanager: { burst: 10, everyMs: 100 },
  webhook: { burst: 20, everyMs: 100 },
};

/** When the next message may go out: now, or when its token has come. */
export function tokenAt(bucket: Bucket, kind: DestinationKind, now: EpochMs): EpochMs {
  const { tokens } = filled(bucket, kind, now);
  return tokens >= 1 ? now : now + Math.ceil((1 - tokens) * paces[kind].everyMs);
}

export function takeToken(bucket: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { tokens, at } = filled(bucket, kind, now);
  return { tokens: Math.max(0, tokens - 1), at };
}

/** A clock that went back gives no tokens, and takes none. */
function filled({ tokens, at }: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { burst, everyMs } = paces[kind];
  return { tokens: Math.min(burst, tokens + Math.max(0, now - at) / everyMs), at: now };
}
