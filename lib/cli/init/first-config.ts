import type { InitAnswers } from './answers.ts';
import { firstRules } from './first-rules.ts';
import type { ListedCluster } from './list-fleet.ts';

/** The region alone, for judging the address before any token is sent there. */
export function regionText({ region, api, allowHost, token }: InitAnswers): string {
  const lines = [
    'regions:',
    `  ${/^[a-z][\w-]*$/iu.test(region) ? region : JSON.stringify(region)}:`,
    `    api: ${JSON.stringify(api)}`,
    ...(allowHost ? ['    allowHost: true                  # not one of the provider’s hosts, and trusted'] : []),
    `    token: ${flow(token)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A first config: every pool by name with today's size as its base, and nothing changed until somebody says so. */
export function firstConfig(answers: InitAnswers, fleet: readonly ListedCluster[]): string {
  return `# Lamplighter's config. Every mistake at once: lamplighter check. What it would do: lamplighter plan.
# Every key is explained in docs/config.md of Lamplighter.

timezone: ${answers.zone}

# An API and where its token is kept; the token itself never stands here.
${regionText(answers)}
# When is what. Pools have their base while a window is open, otherwise their idle size.
schedules:
  office-hours:
    windows:
      - { days: mon-fri, from: "07:00", to: "19:00" }
    otherwise: idle
    lead: auto                           # starts early enough for nodes to be there at 07:00

# Nothing is changed yet: what would be done is only said. Once \`lamplighter plan\` says what you want, write act.
defaults:
  mode: observe

# Which pools: the first rule that matches counts, and a pool that none matches is never touched.
# base is each pool's size of today. idle is what it has out of hours; going to 0 also needs limits: { min: 0 }.
# Write schedule: none for pools that must never sleep. A glob can stand for many pools:
#   { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 1 }
${firstRules(answers.region, fleet)}
# Who is told when something is wrong (Slack, Teams, Discord, Mattermost, PagerDuty, Alertmanager, any webhook):
# destinations:
#   ops: { kind: slack, url: { env: SLACK_URL } }
`;
}

/** A value in YAML's flow form, on one line; texts in quotes, as JSON writes them. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, own]) => `${key}: ${flow(own)}`);
  return `{ ${entries.join(', ')} }`;
}
