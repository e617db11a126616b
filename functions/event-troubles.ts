import { type EventTrouble, makeTroubleLog, type TellTrouble } from '../lib/io/event-log.ts';
import { type MetricName, metricNames as names } from '../lib/io/metric-names.ts';
import type { Container } from './container.ts';

type Troubles = { readonly tell: TellTrouble; readonly counts: Map<EventTrouble['what'], number> };

const metricOf: { readonly [what in EventTrouble['what']]: MetricName } = {
  'event refused': names.eventsRefused,
  'event not stored': names.eventsNotStored,
  'event not authorized': names.eventsUnauthorized,
  'link not valid': names.eventsUnauthorized,
  'link not answered': names.eventsNotStored,
};

/** The limit of lines counts for as long as its container lives. */
const known = new WeakMap<Container['app'], Troubles>();

/** Logs and counts the refused and failed events of this container. */
export function troublesOf({ app, log }: Container): Troubles {
  const counts: Troubles['counts'] = new Map();
  const onTrouble: TellTrouble = ({ what }) => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const troubles = known.get(app) ?? { counts, tell: makeTroubleLog({ clock: app.parts.clock, log, onTrouble }) };
  known.set(app, troubles);
  return troubles;
}

/** The counts of one run, as metrics that exist only where there is something to count. */
export function reportTroubles(container: Container): void {
  const { counts } = troublesOf(container);
  const values: { [name: string]: number } = {};
  for (const [what, count] of counts) values[metricOf[what]] = (values[metricOf[what]] ?? 0) + count;
  counts.clear();
  if (Object.keys(values).length > 0) container.report('accept-events', values);
}
