import type { Decision } from '../../decide/scaling/plan.ts';
import { type Deed, listDeeds } from '../../jobs/records/deed-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { because } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { lookIntoStore } from '../config-and-store.ts';
import type { CliParts } from '../parts.ts';
import { dateAndTime, localInstant, localInstants, readingZone, rfc3339 } from '../text/instant.ts';
import { poolLabels } from '../text/labels.ts';
import { renderTable, writeJson } from '../text/table.ts';

type Asked = { readonly decisions: readonly Decision[]; readonly since: EpochMs; readonly json: true | undefined };

/** One line of `history --who`: what somebody did by a command, or what was done to a pool because of it. */
type Line = {
  readonly at: EpochMs;
  readonly who: string;
  readonly verb: string;
  readonly what: string;
  readonly reason: string | undefined;
  readonly pool: Pick<Decision, 'region' | 'cluster' | 'pool'> | undefined;
};

/** What people did, and what came of it; `name`: only of those whose name holds it. Oldest first. */
export async function whoDid(
  parts: CliParts,
  config: CompiledConfig,
  name: string | true,
  { decisions, since, json }: Asked,
): Promise<void> {
  const deeds = (await lookIntoStore(parts, config, (store) => listDeeds(store, since))) ?? [];
  const isTheirs = ({ who }: { readonly who: string }) =>
    name === true || who.toLowerCase().includes(name.toLowerCase());
  const lines = [...deeds.map(deedLine), ...decisions.filter((one) => isPersons(one, deeds)).map(decisionLine)]
    .filter(isTheirs)
    .toSorted((a, b) => a.at - b.at);
  if (json) writeJson(parts.stdout, lines.map(lineJson));
  else parts.stdout.write(textOf(parts, config, lines, since));
}

/** Nobody asks for these by name. */
const ours = /^(?:schedule\b|lamplighter$|onRemove\b)/u;
const sameMs = 5000;

/** What somebody did to a pool's memory by a command is a decision as well: told once. */
function isPersons({ who, kind, at }: Decision, deeds: readonly Deed[]): boolean {
  if (ours.test(who)) return false;
  return kind !== 'base' || !deeds.some((deed) => deed.who === who && Math.abs(deed.at - at) < sameMs);
}

function deedLine({ at, who, verb, what, reason }: Deed): Line {
  return { at, who, verb, what, reason, pool: undefined };
}

function decisionLine({ at, who, kind, from, to, reason, region, cluster, pool }: Decision): Line {
  const sizes = to === undefined ? describeSize(from) : `${describeSize(from)} → ${describeSize(to)}`;
  return { at, who, verb: kind, what: sizes, reason, pool: { region, cluster, pool } };
}

function lineJson({ at, who, verb, what, reason, pool }: Line): object {
  const names = pool ?? { region: null, cluster: null, pool: null };
  return { at: rfc3339(at), who, verb, what, reason: reason ?? null, ...names };
}

function textOf(parts: CliParts, config: CompiledConfig, lines: readonly Line[], since: EpochMs): string {
  const zone = readingZone(config, parts);
  if (lines.length === 0) return `nobody changed anything by a command since ${localInstant(since, zone)}\n`;
  const label = poolLabels(config);
  const rows = lines.map(({ at, who, verb, what, reason, pool }) => {
    const about = pool === undefined ? what : `${label(pool)} ${what}`;
    const told = printable(localInstants(`${about}${because(reason)}`, zone, at));
    return [dateAndTime(at, zone), printable(who), verb, told];
  });
  return `${renderTable([[zone, 'who', 'did', 'what'], ...rows], parts.redactor.clean).join('\n')}\n`;
}
