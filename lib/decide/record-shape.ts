/** Can this version read this value? */
type Shape = (value: unknown) => boolean;

const text: Shape = (value) => typeof value === 'string';
const number: Shape = (value) => typeof value === 'number';
const flag: Shape = (value) => typeof value === 'boolean';
const anything: Shape = (value) => value !== undefined;
const one =
  (...values: readonly unknown[]): Shape =>
  (value) =>
    values.includes(value);
const either =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));
const maybe =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const list =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const table =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);
/** An object with these fields; it may hold others, written by another version. */
const has = (fields: { readonly [name: string]: Shape }): Shape => {
  // Every record of every round passes here: what is asked of it is laid out once.
  const entries = Object.entries(fields);
  return (value) => isObject(value) && entries.every(([name, shape]) => shape(value[name]));
};
const record = (fields: { readonly [name: string]: Shape }): Shape => has({ schema: one(1), ...fields });

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const size = either(number, has({ min: number, max: number }));
const match = has({ text, region: maybe(text), cluster: text, pool: maybe(text) });
const inCluster = { region: text, clusterId: text, cluster: text };
const subject = either(
  has({ kind: one('cluster'), ...inCluster }),
  has({ kind: one('pool'), ...inCluster, poolId: text, pool: text }),
  has({ kind: one('region'), region: text }),
  has({ kind: one('destination'), destination: text }),
  has({ kind: one('secret'), reference: text }),
  has({ kind: one('config'), path: text }),
  has({ kind: one('fleet') }),
);
const severity = one('critical', 'warning', 'info');
const facts = table(either(text, number));

const change = has({ poolId: text, from: size, to: size, claimedAt: number, reason: text });
const seenOfCluster = { status: maybe(text), otherNodes: maybe(number), missingSince: maybe(number) };
const wanted = { target: size, since: number };
const memory = has({
  name: text,
  autoscale: flag,
  seen: maybe(has({ size, at: number })),
  unseenSince: maybe(number),
  ruledSince: maybe(number),
  thereSince: maybe(number),
  base: maybe(size),
  away: maybe(has({ base: either(size, one('unknown')), from: text, since: number })),
  kept: maybe(has({ size, since: number, until: number })),
  raisesMs: maybe(list(number)),
  foreign: maybe(list(number)),
  lastSet: maybe(size),
  short: maybe(has({ least: number, since: number })),
  refusals: maybe(list(has({ target: size, count: number, invalid: number, until: number, why: text, detail: text }))),
  pending: maybe(has({ ...wanted, owed: maybe(has(wanted)) })),
  stuck: maybe(change),
  notApplied: maybe(has({ target: size, count: number })),
  held: maybe(has({ code: text, reason: text, until: maybe(number) })),
  look: maybe(has({ status: text, autoscale: flag })),
});

const asked = { id: text, region: text, who: text, until: number, reason: maybe(text) };
const ask = either(
  record({ ...asked, kind: one('lease'), match, atLeast: number, time: number, events: maybe(list(text)) }),
  record({ ...asked, kind: one('release'), time: number, events: maybe(list(text)) }),
  record({ ...asked, kind: one('override'), match, exactly: size }),
  record({ ...asked, kind: one('pause'), match: maybe(match) }),
  record({ ...asked, kind: one('approval'), configHash: text, askedAt: maybe(number), isAhead: maybe(flag) }),
);

const finding = has({
  kind: text,
  subject,
  severity,
  text,
  fix: maybe(text),
  since: maybe(number),
  facts: maybe(facts),
});
const incident = record({
  key: text,
  kind: text,
  subject,
  phase: one('quiet', 'pending', 'open'),
  run: has({ seen: one('bad', 'ok'), since: number, count: number }),
  changes: list(number),
  resolved: list(number),
  episode: number,
  openedAt: maybe(number),
  severity,
  worst: severity,
  text,
  fix: maybe(text),
  facts: maybe(facts),
  silenced: maybe(text),
  sequence: number,
  reminded: number,
  ladder: maybe(has({ date: number, of: text, armedAt: number, step: number })),
  told: table(has({ at: number, episode: number, severity })),
  why: list(has({ at: number, what: text, reason: text })),
});

const told = has({
  what: text,
  kind: text,
  subject,
  severity,
  worst: severity,
  text,
  since: number,
  at: number,
  facts,
});
const lane = { key: text, episode: number, sequence: number };
const delivery = record({ id: text, destination: text, ...lane, facts: told, queuedAt: number, attempts: number });
const member: Shape = (value) => {
  if (!Array.isArray(value)) return false;
  const shapes = [text, number, number, number, number, text, text, text, text, list(either(number, one(null)))];
  return shapes.every((shape, at) => shape(value[at])) && list(text)(value[10]) && maybe(text)(value[11]);
};
const batch = record({ id: text, destination: text, members: list(member), openedAt: number, attempts: number });

const seen = { id: text, name: text, acceptedAt: maybe(number), changing: maybe(has({ as: text, since: number })) };
const endDate = has({
  of: text,
  armedAt: number,
  date: maybe(number),
  candidate: maybe(has({ of: text, at: number })),
});
const watched = has({ ...seen, version: maybe(text), due: maybe(endDate), pools: list(has(seen)) });

const ids = { region: text, clusterId: text, poolId: text };
const ofPool = { ...ids, cluster: text, pool: text };
const announced = { ...ofPool, labels: maybe(table(text)), from: size, to: size, nodes: number, by: number };
const ahead = {
  coming: maybe(list(has({ ...announced, boundary: number, begins: number, news: maybe(text) }))),
  verdicts: maybe(list(has({ ...ids, boundary: number, saidAt: number, how: text, why: text, instead: maybe(size) }))),
};
const ended = maybe(has({ at: number, how: text, why: maybe(text) }));
const announcement = record({
  boundary: number,
  destination: text,
  sequence: number,
  saidAt: number,
  pools: list(has({ ...announced, said: number, saidAt: number, late: maybe(text), ended })),
});

/** By the start of the partition, and of the id where that has a shape of its own. The first match counts. */
const shapes: readonly (readonly [where: RegExp, shape: Shape])[] = [
  [/^clusters\//u, record({ cluster: text, ...seenOfCluster, change: maybe(change), pools: table(memory) })],
  [/^asks\//u, ask],
  [/^decisions\//u, has({ at: number, region: text, cluster: text, pool: text, kind: text, reason: text, who: text })],
  [
    /^rules\n/u,
    record({
      rule: has({ match, hash: text, limits: has({ min: number }), leases: anything, lead: has({ kind: text }) }),
      schedule: has({ name: text, zone: text, windows: list(has({})) }),
      exceptions: list(has({ match })),
      knownSince: maybe(number),
      isTried: maybe(flag),
      approvedAt: maybe(number),
    }),
  ],
  [/^fleet\nuninstalled$/u, record({ state: maybe(text), at: number, who: text })],
  [/^fleet\nlowers$/u, record({ since: number, taken: number, letThrough: maybe(table(number)) })],
  [/^fleet\nstopped$/u, record({ at: number })],
  [/^fleet\n/u, record({})],
  [
    /^findings\n/u,
    record({
      at: number,
      region: text,
      shard: has({ index: number, count: number }),
      isAnswered: flag,
      isResident: maybe(flag),
      isFollowing: maybe(flag),
      clusters: number,
      pools: number,
      checkedClusters: list(text),
      findings: list(finding),
      looks: maybe(has({ gaps: maybe(list(anything)) })),
      nodes: maybe(list(list(anything))),
      ...ahead,
    }),
  ],
  [
    /^looked\n/u,
    record({ of: text, checkedClusters: maybe(list(text)), nodes: maybe(list(list(anything))), ...ahead }),
  ],
  [/^announcements\n/u, announcement],
  [/^deeds\n/u, record({ at: number, who: text, verb: text, what: text, reason: maybe(text) })],
  [/^digests\n/u, record({ at: number })],
  [/^incidents\n/u, incident],
  [
    /^silences\n/u,
    record({
      id: text,
      scope: either(has({ kind: one('match'), match }), has({ kind: one('incident'), key: text, episode: number })),
      from: maybe(number),
      until: maybe(number),
      who: text,
      askedAt: number,
    }),
  ],
  [/^notices\n/u, record({ notice: has({ kind: text, subject, text, at: number, facts: maybe(facts) }) })],
  [/^outbox\/[^\n]*\nbatch$/u, batch],
  [/^outbox\//u, delivery],
  [/^parked\//u, record({ delivery: either(delivery, batch), reason: text, at: number })],
  [
    /^hist\n/u,
    record({ id: text, destination: text, state: text, at: number, queuedAt: number, said: list(has({ what: text })) }),
  ],
  [
    /^dest\n/u,
    record({
      id: text,
      bucket: has({ tokens: number, at: number }),
      nextAt: number,
      lease: maybe(has({ owner: text, until: number })),
      failing: maybe(has({ since: number, attempts: number, step: number })),
      broken: maybe(has({ since: number })),
    }),
  ],
  [/^destinations\n/u, record({ id: text, destination: has({ name: text, kind: text }) })],
  [/^obs\/[^\n]*\nhead/u, record({ at: number, token: maybe(endDate) })],
  [/^obs\/[^\n]*\nm\//u, record({ of: text, updatedAt: list(list(number)) })],
  [/^obs\//u, record({ clusters: list(watched) })],
  [/^obs-times/u, record({ times: table(number) })],
  [/^seen\n/u, record({ at: number })],
  [/^sizes\//u, record({ at: number, changes: table(list(anything)) })],
  [/^nodes\//u, record({ at: number, nodes: table(number) })],
  [/^calendars\n/u, record({ at: number, text })],
  [/^replays\/[^\n]*\nslot-/u, record({ ids: list(list(either(text, number))) })],
  [/^(?:replays\/|doctor\n|store\n)/u, anything],
];

/**
 * Can this version read the record? Checks every field that a job uses, so that a record that is damaged or was written
 * by another program does not affect others. Records of unknown partitions are not judged.
 */
export function isKnownShape({ partition, id }: RecordKey, value: unknown): boolean {
  const name = `${partition}\n${id}`;
  const found = shapes.find(([where]) => where.test(name));
  return found === undefined || found[1](value);
}

/** The problem text for a stored record that no command can use; undefined = no problem. */
export function recordProblem(key: RecordKey, stored: string): string | undefined {
  const name = `the record ${key.partition}/${key.id} of the store`;
  const value = parsed(stored);
  if (value === undefined)
    return `${name} is not JSON; restore the store from a backup, or delete this one record (what it remembers is then lost)`;
  if (!shapes.some(([where]) => where.test(`${key.partition}\n${key.id}`)))
    return `${name} is of a kind that this version does not know; a newer version may have written it`;
  return isKnownShape(key, value) ? undefined : unknownRecord(key);
}

function parsed(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch {
    return undefined;
  }
}

type RecordKey = { readonly partition: string; readonly id: string };

/**
 * The problem text for a record that this version cannot read: written by hand, by another program, or damaged. Other
 * records are not affected.
 */
export function unknownRecord({ partition, id }: RecordKey): string {
  return `the record ${partition}/${id} of the store has an unknown format; restore the store from a backup, or delete this one record (what it remembers is then lost)`;
}
