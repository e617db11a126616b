import type { DestinationConfig } from '../../decide/compiled-config.ts';
import { alertmanager } from './alertmanager.ts';
import type { Destination } from './destination.ts';
import { discord } from './discord.ts';
import { mattermost } from './mattermost.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

/** The one place that knows which kinds there are. */
export function destinationFor({ kind, format }: Pick<DestinationConfig, 'kind' | 'format'>): Destination {
  switch (kind) {
    case 'slack':
      return slack;
    case 'teams':
      return teams;
    case 'discord':
      return discord;
    case 'mattermost':
      return mattermost;
    case 'pagerduty':
      return pagerduty;
    case 'alertmanager':
      return alertmanager;
    case 'webhook':
      return webhook(format);
  }
}
