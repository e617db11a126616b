import { compileConfig } from '../../lib/config/compile-config.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import {
  type ConfigMeaning,
  type ExceptionMeaning,
  type RuleMeaning,
  type ScheduleMeaning,
  type WindowMeaning,
  zone,
} from './meaning.ts';

/** The region and whatever else a place has that its people do not talk about, as lines of YAML. */
export const simulatedPlace: readonly string[] = [
  'regions:',
  '  r1: { api: eumetsat-r1, token: { awsSecret: lamplighter/r1 } }',
];

/** The config as its author would write it, compiled by the code under test. */
export async function compileMeaning(
  config: ConfigMeaning,
  now: number,
  place: readonly string[] = simulatedPlace,
): Promise<CompiledConfig> {
  const readFile = () => Promise.reject(new Error('there is no such file'));
  const outcome = await compileConfig(configText(config, place), { file: 'lamplighter.yml', now, readFile });
  if (!outcome.ok) throw new Error(`the simulation wrote a bad config: ${JSON.stringify(outcome.problems)}`);
  return outcome.config;
}

export function configText(config: ConfigMeaning, place: readonly string[]): string {
  return [
    `timezone: ${zone}`,
    `every: ${config.everyMinutes}m`,
    ...place,
    'schedules:',
    ...config.schedules.flatMap(scheduleText),
    'defaults: { region: r1 }',
    'pools:',
    ...config.rules.map(ruleText),
    ...(config.exceptions.length > 0 ? ['exceptions:', ...config.exceptions.map(exceptionText)] : []),
    safetyText(config),
    '',
  ].join('\n');
}

function scheduleText({ name, windows, otherwise, lead }: ScheduleMeaning): readonly string[] {
  const leadText = lead === 'none' ? [] : [`    lead: ${lead === 'auto' ? 'auto' : `${lead}m`}`];
  return [`  ${name}:`, '    windows:', ...windows.map(windowText), `    otherwise: ${otherwise}`, ...leadText];
}

const dayNames = ['', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function windowText({ days, from, to, size, every, lasts, workday }: WindowMeaning): string {
  const [first] = days as [number];
  if (to > 1440 + from) {
    const end = dayNames[((first - 1 + Math.floor(to / 1440)) % 7) + 1];
    return `      - { from: "${dayNames[first]} ${wall(from)}", to: "${end} ${wall(to % 1440)}", size: ${size} }`;
  }
  const names = days.map((day) => dayNames[day]).join(', ');
  const more = [
    ...(every === undefined ? [] : [`every: ${every}m, for: ${lasts}m, `]),
    ...(workday === undefined ? [] : [`workday: [${workday.map(workdayText).join(', ')}], `]),
  ].join('');
  return `      - { ${more}days: [${names}], from: "${wall(from)}", to: "${wall(to > 1440 ? to - 1440 : to)}", size: ${size} }`;
}

function workdayText(n: number): string {
  return n > 0 ? String(n) : n === -1 ? 'L' : `L-${-1 - n}`;
}

function wall(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function ruleText(rule: RuleMeaning): string {
  if (rule.schedule === 'none') return `  - { match: "${rule.match}", schedule: none }`;
  const { min, max } = rule.limits;
  const parts = [
    `match: "${rule.match}"`,
    ...(rule.isOfTeam === true ? ['labels: { team: data }'] : []),
    `schedule: ${rule.schedule}`,
    `base: ${JSON.stringify(rule.base).replaceAll('"', '').replaceAll(':', ': ')}`,
    `idle: ${JSON.stringify(rule.idle).replaceAll('"', '').replaceAll(':', ': ')}`,
    `limits: { min: ${min}${max === undefined ? '' : `, max: ${max}`} }`,
    'everyPool: true',
    ...(rule.leasesMax === undefined ? [] : [`leases: { max: ${rule.leasesMax} }`]),
    ...(rule.mode === undefined ? [] : [`mode: ${rule.mode}`]),
    ...(rule.onRemove === undefined ? [] : [`onRemove: ${rule.onRemove}`]),
    ...(rule.onHumanChange === undefined ? [] : [`onHumanChange: ${rule.onHumanChange}`]),
  ];
  return `  - { ${parts.join(', ')} }`;
}

function exceptionText({ match, start, end, size }: ExceptionMeaning): string {
  return `  - { match: "${match}", start: ${start}, end: ${end}, size: ${size}, reason: told by the simulation }`;
}

function safetyText({ maxChangesPerRound, minNodesPerCluster }: ConfigMeaning): string {
  const parts = [
    ...(maxChangesPerRound === undefined ? [] : [`maxChangesPerRound: ${maxChangesPerRound}`]),
    ...(minNodesPerCluster === undefined ? [] : [`minNodesPerCluster: ${minNodesPerCluster}`]),
  ];
  return parts.length === 0 ? '' : `safety: { ${parts.join(', ')} }`;
}
