import type { DestinationConfig } from '../../model/config.ts';
import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { Batch, Member } from '../outbox/batch.ts';
import { renderAlertmanagerV4 } from './alertmanager.ts';
import { type BatchMessage, batchMessageOf } from './batch-message.ts';
import { renderDiscord, renderDiscordBatch, renderDiscordBatchPlain, renderDiscordPlain } from './discord.ts';
import { renderCloudEvent, renderJson } from './event.ts';
import {
  renderMattermost,
  renderMattermostBatch,
  renderMattermostBatchPlain,
  renderMattermostPlain,
} from './mattermost.ts';
import { type Message, messageOf, withRegion } from './message.ts';
import { renderPagerduty } from './pagerduty.ts';
import { renderSlack, renderSlackBatch, renderSlackBatchPlain, renderSlackPlain } from './slack.ts';
import { renderTeams, renderTeamsBatch, renderTeamsBatchPlain, renderTeamsPlain } from './teams.ts';

type Target = Pick<DestinationConfig, 'name' | 'kind' | 'format' | 'zone' | 'severalRegions'>;

/** A signed receiver that refused the whole event is sent a small one. */
const plainBudget = 4_000;

/** The body of a delivery or of a batch for its destination: a JSON tree, never spliced text. */
export function render(item: Delivery | Batch, target: Target): string {
  if (!('members' in item)) return JSON.stringify(tree(placed(item, target), target));
  return JSON.stringify(batchTree({ ...item, members: item.members.map((one) => placed(one, target)) }, target));
}

function placed<T extends Delivery | Member>(item: T, { severalRegions }: Target): T {
  return severalRegions ? { ...item, facts: withRegion(item.facts) } : item;
}

function tree(delivery: Delivery, target: Target): Json {
  const { kind, zone } = target;
  switch (kind) {
    case 'pagerduty':
      return renderPagerduty(delivery, zone, ...budgetOf(delivery));
    case 'webhook':
      return eventTree(delivery, target);
    case 'alertmanager':
      return renderAlertmanagerV4(delivery, target.name, zone);
    default:
      return chats[kind][delivery.plain ? 'plain' : 'full'](messageOf(delivery, zone));
  }
}

function eventTree(delivery: Delivery, { format, name, zone }: Target): Json {
  switch (format) {
    case 'json':
      return renderJson(delivery, zone, ...budgetOf(delivery));
    case 'cloudevents':
      return renderCloudEvent(delivery, zone, ...budgetOf(delivery));
    case 'alertmanager-v4':
      return renderAlertmanagerV4(delivery, name, zone, ...budgetOf(delivery));
  }
}

function batchTree(batch: Batch, { kind, zone }: Target): Json {
  const message = batchMessageOf(batch, zone);
  const chat = kind === 'pagerduty' || kind === 'webhook' || kind === 'alertmanager' ? 'mattermost' : kind;
  return chats[chat][batch.plain ? 'plainBatch' : 'batch'](message);
}

function budgetOf({ plain }: Delivery): [number?] {
  return plain ? [plainBudget] : [];
}

type Chat = {
  readonly full: (message: Message) => Json;
  readonly plain: (message: Message) => Json;
  readonly batch: (message: BatchMessage) => Json;
  readonly plainBatch: (message: BatchMessage) => Json;
};

const chats: { readonly [kind in 'slack' | 'teams' | 'discord' | 'mattermost']: Chat } = {
  slack: {
    full: (message) => renderSlack(message),
    plain: (message) => renderSlackPlain(message),
    batch: (message) => renderSlackBatch(message),
    plainBatch: (message) => renderSlackBatchPlain(message),
  },
  teams: {
    full: (message) => renderTeams(message),
    plain: (message) => renderTeamsPlain(message),
    batch: (message) => renderTeamsBatch(message),
    plainBatch: (message) => renderTeamsBatchPlain(message),
  },
  discord: {
    full: (message) => renderDiscord(message),
    plain: (message) => renderDiscordPlain(message),
    batch: (message) => renderDiscordBatch(message),
    plainBatch: (message) => renderDiscordBatchPlain(message),
  },
  mattermost: {
    full: (message) => renderMattermost(message),
    plain: (message) => renderMattermostPlain(message),
    batch: (message) => renderMattermostBatch(message),
    plainBatch: (message) => renderMattermostBatchPlain(message),
  },
};
