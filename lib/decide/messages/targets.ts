import { type DestinationKind, isChat, type KindOf } from '../../model/destination-kind.ts';
import { alertmanager } from './alertmanager.ts';
import { discord } from './discord.ts';
import { email } from './email.ts';
import { googlechat } from './googlechat.ts';
import { mattermost } from './mattermost.ts';
import { ntfy } from './ntfy.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { sns } from './sns.ts';
import type { ChatTarget, OtherTarget, Target } from './target.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

/** The only list of all kinds: one line each. */
const targets: { readonly [kind in DestinationKind]: kind extends KindOf<'chat'> ? ChatTarget : OtherTarget } = {
  slack,
  teams,
  discord,
  mattermost,
  googlechat,
  ntfy,
  email,
  pagerduty,
  alertmanager,
  sns,
  webhook,
};

export function targetOf(kind: DestinationKind): Target {
  return targets[kind];
}

/** The chat formats. A batch stored for an earlier kind is rendered as for Mattermost. */
export function chatOf(kind: DestinationKind): ChatTarget {
  return isChat(kind) ? targets[kind] : mattermost;
}
