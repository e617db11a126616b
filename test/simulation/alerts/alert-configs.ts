import { compiled } from '../../config/compile-text.ts';
import { makeChance } from '../chance.ts';
import type { AlertScenario } from './alert-scenario.ts';
import type { TimedConfig } from './stage.ts';

const lines: { readonly [name: string]: (host: string) => string } = {
  slack: (host) => `{ kind: slack, url: { env: ${host.toUpperCase()} } }`,
  teams: (host) => `{ kind: teams, url: { env: ${host.toUpperCase()} } }`,
  discord: (host) => `{ kind: discord, url: { env: ${host.toUpperCase()} } }`,
  mattermost: (host) => `{ kind: mattermost, url: { env: ${host.toUpperCase()} } }`,
  pager: (host) =>
    `{ kind: pagerduty, key: { env: PAGER_KEY }, url: "https://${host}.test/v2/enqueue", only: { severity: critical } }`,
  hook: (host) => `{ kind: webhook, url: { env: ${host.toUpperCase()} }, secret: { env: SIGNING } }`,
  am: (host) => `{ kind: alertmanager, url: { env: ${host.toUpperCase()} } }`,
};

const fleet = (url: string) => `timezone: Europe/Berlin
safety: { brake: off }
regions:
  r1: { api: "${url}", token: { env: TOKEN } }
schedules:
  office: { windows: [{ days: mon-sun, from: "07:00", to: "19:00" }], otherwise: idle }
pools:
  - { match: "dev*/workers", schedule: office, base: 3, everyPool: true, idle: 0, limits: { min: 0 } }
`;

/** The configs of a run: in half of all seeds destinations come, go, retire and change their address. */
export async function drawAlertConfigs(scenario: AlertScenario): Promise<readonly TimedConfig[]> {
  const chance = makeChance(scenario.seed, 'alert configs');
  const hosts = new Map<string, string>([
    ['slack', 'slack'],
    ['pager', 'pager'],
    ['hook', 'hook'],
    ['am', 'am'],
  ]);
  for (const name of ['teams', 'discord', 'mattermost']) if (chance.is(0.4)) hosts.set(name, name);
  const retired = new Set<string>();
  const configs = [await compileOne(scenario.start, hosts, retired, scenario)];
  if (!scenario.faults.has('config')) return configs;
  const times = Array.from({ length: chance.integer(1, 4) }, () =>
    Math.floor(scenario.start + chance.next() * (scenario.faultsEnd - scenario.start)),
  ).sort((a, b) => a - b);
  for (const at of times) {
    const name = chance.pick(['slack', 'pager', 'hook', 'teams', 'discord']);
    const what = chance.pick(['add', 'remove', 'move', 'retire'] as const);
    const isHere = hosts.has(name);
    if (what === 'remove' && isHere && name !== 'hook') hosts.delete(name);
    else if (what === 'retire' && isHere) {
      if (!retired.delete(name)) retired.add(name);
    } else if (what === 'move' && isHere && (name === 'slack' || name === 'pager' || name === 'hook'))
      hosts.set(name, `${name}b`);
    else hosts.set(name, hosts.get(name) ?? name);
    configs.push(await compileOne(at, hosts, retired, scenario));
  }
  return configs;
}

async function compileOne(
  at: number,
  hosts: ReadonlyMap<string, string>,
  retired: ReadonlySet<string>,
  { start, watchEveryMs }: AlertScenario,
): Promise<TimedConfig> {
  const destinations = [...hosts].map(([name, host]) => {
    const line = lines[name]?.(host) ?? '';
    return `  ${name}: ${retired.has(name) ? line.replace(/ }$/, ', retired: true }') : line}`;
  });
  const text = `${fleet('http://127.0.0.1:8090')}every: ${watchEveryMs / 60_000}m\ndestinations:\n${destinations.join('\n')}\n`;
  return { at, config: await compiled(text, { now: start }), hosts: new Map(hosts), retired: new Set(retired) };
}
