import type { Delivery } from './delivery.ts';
import { type Said, enqueue } from './enqueue.ts';
import { type IncidentRecord, withWhy } from './incident.ts';
import { type Telling, whatToSay } from './what-to-say.ts';

export type Outcome = { readonly record: IncidentRecord; readonly deliveries: readonly Delivery[] };

/**
 * A level, not an edge: what is open and not silenced is wanted at every matching destination that was not told yet,
 * and what a destination was told is owed a resolve there once it is over, silenced or not.
 */
export function tell(record: IncidentRecord, telling: Telling): Outcome {
  const present = withoutLeavers(record, telling);
  const said = present.phase === 'open' ? sayOpen(marked(present, telling), telling) : sayOver(present, telling);
  return enqueue(said.record, said.said, telling);
}

type Saying = { readonly record: IncidentRecord; readonly said: readonly Said[] };

/** Removing a destination outright ends what it is owed. */
function withoutLeavers(record: IncidentRecord, { destinations, now }: Telling): IncidentRecord {
  const known = new Set(destinations.map(({ id }) => id));
  return Object.keys(record.told)
    .filter((id) => !known.has(id))
    .reduce((left, id) => {
      const { [id]: _gone, ...told } = left.told;
      const why = { at: now, what: 'resolve', destination: id, reason: 'the destination left the config' };
      return withWhy({ ...left, told }, why);
    }, record);
}

/** The silence is written where it can be seen, and reminders that nobody was to get count as passed. */
function marked(record: IncidentRecord, { silenced, reminded }: Telling): IncidentRecord {
  const { silenced: _before, ...rest } = record;
  return silenced === undefined ? { ...rest, reminded } : { ...rest, reminded, silenced };
}

function sayOver(record: IncidentRecord, { destinations }: Telling): Saying {
  const said = destinations.flatMap(({ id }): readonly Said[] => {
    const told = record.told[id];
    return told === undefined ? [] : [{ what: 'resolve', destinationId: id, episode: told.episode }];
  });
  return { record, said };
}

function sayOpen(record: IncidentRecord, telling: Telling): Saying {
  return telling.destinations.reduce(
    (saying: Saying, destination): Saying => {
      const decision = whatToSay(record, destination, telling, saying.said);
      if (decision === undefined) return saying;
      if (!('reason' in decision)) return { ...saying, said: [...saying.said, decision] };
      const entry = { at: telling.now, destination: destination.id, ...decision };
      return { ...saying, record: withWhy(saying.record, entry) };
    },
    { record, said: [] },
  );
}
