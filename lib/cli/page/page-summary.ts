import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { percentSaved } from '../../decide/past/node-hours.ts';
import { wholeNumber } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { missedRounds } from '../status/fleet-status.ts';
import { ago, roughly } from '../text/instant.ts';
import type { Page } from './page-model.ts';
import { many } from './render-text.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** Everything in one sentence; the worst comes first. */
export function verdictOf(page: Page): { readonly tone: Tone; readonly text: string } {
  const { stored, config, at, names } = page;
  if (stored.uninstalled !== undefined) return { tone: 'warn', text: 'This fleet is uninstalled: nothing acts on it' };
  if (stored.rounds.length === 0) return { tone: 'warn', text: 'No round has run yet' };
  const missed = missedRounds(stored.rounds, config, at);
  if (missed[0] !== undefined) {
    const last = lastRoundAt(page);
    return {
      tone: 'bad',
      text: last === undefined ? 'Part of the fleet was never read' : `No round has run for ${roughly(at - last)}`,
    };
  }
  const open = openIncidents(page);
  const [critical, warning] = [countOf(open, 'critical'), countOf(open, 'warning')];
  const rest = (count: number) => (count === 0 ? '' : `, ${wholeNumber(count)} less severe`);
  if (critical > 0)
    return { tone: 'bad', text: `${many(critical, 'critical incident')} open${rest(open.length - critical)}` };
  if (warning > 0) return { tone: 'warn', text: `${many(warning, 'warning')} open${rest(open.length - warning)}` };
  const pause = stored.asks.find((ask) => ask.kind === 'pause' && ask.match === undefined && ask.until > at);
  if (pause !== undefined)
    return { tone: 'warn', text: `Nothing is wrong; the whole fleet is paused until ${names.short(pause.until)}` };
  const reminders = open.length === 0 ? '' : `; ${many(open.length, 'reminder')}`;
  return { tone: 'good', text: `Everything is as it should be${reminders}` };
}

export function openIncidents({ stored }: Page): readonly IncidentRecord[] {
  return stored.incidents.filter(({ phase }) => phase === 'open').toSorted((a, b) => a.episode - b.episode);
}

function countOf(open: readonly IncidentRecord[], severity: IncidentRecord['severity']): number {
  return open.filter((record) => record.severity === severity).length;
}

/** Of the region that was looked at longest ago. */
function lastRoundAt({ stored, config }: Page): EpochMs | undefined {
  const newest = config.regions.map(({ name }) =>
    Math.max(...stored.rounds.filter(({ region }) => region === name).map(({ at }) => at)),
  );
  const oldest = Math.min(...newest);
  return Number.isFinite(oldest) ? oldest : undefined;
}

export type Fact = { readonly label: string; readonly text: string; readonly tone: Tone };

/** What one wants to know before anything else, in a line. */
export function factsOf(page: Page): readonly Fact[] {
  return [
    roundFact(page),
    actsFact(page),
    brakeFact(page),
    nodesFact(page),
    nextFact(page),
    savedFact(page),
    outboxFact(page),
  ];
}

function roundFact(page: Page): Fact {
  const { stored, at } = page;
  const last = lastRoundAt(page);
  if (last === undefined) return { label: 'Last round', text: 'none yet', tone: 'warn' };
  const newest = stored.rounds.filter((round) => Math.abs(round.at - last) < 15 * minuteMs);
  const clusters = newest.reduce((sum, round) => sum + round.clusters, 0);
  const isWhole = newest.every(
    (round) => round.looks?.wholeAt === round.at || (round.looks === undefined && round.isAnswered),
  );
  const whole = isWhole ? 'complete' : newest.every(({ isAnswered }) => isAnswered) ? 'not complete' : 'not answered';
  return {
    label: 'Last round',
    text: `${ago(last, at)}, ${whole}; ${many(clusters, 'cluster')}`,
    tone: isWhole ? 'plain' : 'warn',
  };
}

function actsFact({ rows, stored, at }: Page): Fact {
  const observed = rows.filter(({ isObserved }) => isObserved).length;
  const paused = rows.filter(({ oddity }) => oddity?.text.startsWith('paused') === true).length;
  const acts = rows.length - observed - paused;
  const parts = [
    many(acts, 'pool'),
    ...(observed > 0 ? [`observes ${wholeNumber(observed)}`] : []),
    ...(paused > 0 ? [`${wholeNumber(paused)} paused`] : []),
  ];
  const isWhole = stored.asks.some((ask) => ask.kind === 'pause' && ask.match === undefined && ask.until > at);
  return {
    label: 'Acts on',
    text: isWhole ? 'nothing: the fleet is paused' : parts.join('; '),
    tone: paused + observed > 0 ? 'warn' : 'plain',
  };
}

function brakeFact({ rows }: Page): Fact {
  const held = rows.filter(({ held }) => held?.code === 'brake').length;
  return held === 0
    ? { label: 'Brake', text: 'holds nothing', tone: 'plain' }
    : { label: 'Brake', text: `holds ${many(held, 'pool')}`, tone: 'bad' };
}

function nodesFact({ total }: Page): Fact {
  const [nodes, base] = [total.nodes, total.baseNodes].map(wholeNumber);
  return { label: 'Nodes now', text: `${nodes}; at base at least ${base}`, tone: 'plain' };
}

function nextFact({ rows, names, label }: Page): Fact {
  const acted = rows.filter(({ isObserved, changes }) => !isObserved && changes.length > 0);
  const at = Math.min(...acted.map(({ changes }) => changes[0]?.at ?? Number.POSITIVE_INFINITY));
  const [first, ...more] = acted.filter(({ changes }) => changes[0]?.at === at);
  if (first === undefined) return { label: 'Next change', text: 'none within a week', tone: 'plain' };
  const what = more.length === 0 ? label(first) : many(more.length + 1, 'pool');
  return { label: 'Next change', text: `${names.short(at)}, ${what}`, tone: 'plain' };
}

function savedFact({ total, config }: Page): Fact {
  const { last, lastMoney } = total;
  if (last.always === 0) return { label: 'Saved in 7 days', text: 'not known yet', tone: 'plain' };
  const share = `${percentSaved(last)} of node-hours`;
  const money = lastMoney === undefined ? '' : `, ${moneyText(lastMoney, config.prices?.currency ?? '')}`;
  return { label: 'Saved in 7 days', text: `${share}${money}`, tone: 'plain' };
}

/** "476 €". */
function moneyText(amount: number, currency: string): string {
  return `${wholeNumber(amount)} ${currencySign(currency)}`;
}

export function currencySign(currency: string): string {
  const parts = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  }).formatToParts(0);
  return parts.find(({ type }) => type === 'currency')?.value ?? currency;
}

function outboxFact({ stored }: Page): Fact {
  const waiting = stored.outbox.reduce((sum, view) => sum + view.waiting.length, 0);
  const parked = stored.outbox.reduce((sum, view) => sum + view.parked.length, 0);
  const failing = stored.outbox
    .filter(({ state }) => state === 'failing' || state === 'broken')
    .map(({ target }) => target.name);
  if (stored.outbox.length === 0) return { label: 'Outbox', text: 'no destination', tone: 'plain' };
  const parts = [
    ...(waiting > 0 ? [`${wholeNumber(waiting)} waiting`] : []),
    ...(parked > 0 ? [`${wholeNumber(parked)} refused`] : []),
    ...(failing.length > 0 ? [`${failing.join(', ')} ${failing.length === 1 ? 'fails' : 'fail'}`] : []),
  ];
  return {
    label: 'Outbox',
    text: parts.length === 0 ? 'nothing waits' : parts.join('; '),
    tone: failing.length + parked > 0 ? 'bad' : 'plain',
  };
}
