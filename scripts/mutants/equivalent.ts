/**
 * Mistakes that change nothing anybody could see, so that no test can: they are counted apart. Each with why; what is written
 * here and is seen after all does no harm.
 */
type Equivalent = {
  readonly file: string;
  /** The code as it is, in one line. */
  readonly was: string;
  /** What it may become. */
  readonly becomes: readonly string[];
  readonly why: string;
};

const incidents = 'lib/decide/incidents';
const scaling = 'lib/decide/scaling';
const intake = 'lib/decide/intake';
const records = 'lib/jobs/records';
const commandSecret = 'lib/io/secrets/command-secret.ts';
const onlyForTypes = 'what stands behind the question mark is always there: the types cannot say so';

export const equivalent: readonly Equivalent[] = [
  {
    file: `${incidents}/open-and-resolve.ts`,
    was: 'changes.length - 1 - index',
    becomes: ['changes.length - 1 + index'],
    why: 'whether a number is even does not change with its sign or by two',
  },
  {
    file: `${incidents}/open-and-resolve.ts`,
    was: 'changes.length - 1',
    becomes: ['changes.length + 1'],
    why: 'whether a number is even does not change with its sign or by two',
  },
  {
    file: `${incidents}/inhibition.ts`,
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'no subject has this id, so nothing inhibits by it',
  },
  {
    file: `${intake}/judge-ask.ts`,
    was: 'cluster === undefined || pool === undefined',
    becomes: ['cluster === undefined && pool === undefined'],
    why: 'the pattern has both names or none',
  },
  {
    file: `${intake}/judge-ask.ts`,
    was: 'cluster === undefined',
    becomes: ['false'],
    why: 'the pattern has both names or none',
  },
  {
    file: `${intake}/judge-ask.ts`,
    was: 'pool === undefined',
    becomes: ['false'],
    why: 'the pattern has both names or none',
  },
  {
    file: `${intake}/merge-asks.ts`,
    was: '(put ?? stored)?.until',
    becomes: ['(put ?? stored).until'],
    why: onlyForTypes,
  },
  {
    file: `${intake}/merge-asks.ts`,
    was: "asked.kind === 'lease'",
    becomes: ['true'],
    why: 'a release is never repeated: the next condition says the same',
  },
  {
    file: commandSecret,
    was: 'child.stdout?.destroy',
    becomes: ['child.stdout.destroy'],
    why: 'a program without an output has not started, and is never ended',
  },
  {
    file: commandSecret,
    was: 'child.unref();',
    becomes: [';'],
    why: 'matters for a program that not even SIGKILL ends',
  },
  {
    file: commandSecret,
    was: 'false',
    becomes: ['true'],
    why: 'only the end of this process asks about a program that has no id yet, and does not look at the answer',
  },
  {
    file: 'lib/jobs/scale/act.ts',
    was: 'throw new RangeError(`size_min ${to.min} is above size_max ${to.max}`);',
    becomes: [';'],
    why: 'no plan has its bounds the wrong way round',
  },
  { file: 'lib/jobs/scale/act.ts', was: 'planned?.updatedAt', becomes: ['planned.updatedAt'], why: onlyForTypes },
  {
    file: 'lib/jobs/scale/act.ts',
    was: '{ result: undefined, problem: undefined }',
    becomes: ['{}'],
    why: 'a key without a value is read like one that is not there',
  },
  {
    file: 'lib/jobs/scale/observe.ts',
    was: "answer.kind === 'ok'",
    becomes: ['true'],
    why: 'pools that could not be read are as unknown as those that nobody asked for',
  },
  {
    file: 'lib/jobs/scale/scale-pools.ts',
    was: 'false',
    becomes: ['true'],
    why: 'isWhole, which means nothing where the names are given',
  },
  {
    file: 'lib/jobs/scale/keep-past.ts',
    was: 'counted.size === 0',
    becomes: ['false'],
    why: 'of no counts there is no record: it saves a read',
  },
  {
    file: 'lib/jobs/scale/plan-by-fleet.ts',
    was: 'lowers === 0',
    becomes: ['false'],
    why: 'no share is taken and the same is planned: it saves a read',
  },
  {
    file: 'lib/jobs/scale/store-round.ts',
    was: 'installation === undefined',
    becomes: ['false'],
    why: 'a key without a value is not stored',
  },
  {
    file: 'lib/jobs/deliver/session.ts',
    was: '{ deliveries: new Map<string, StoredDelivery>(), batch: undefined, log: [] }',
    becomes: ['{}'],
    why: 'both are read before anybody looks: the types cannot say so',
  },
  {
    file: 'lib/jobs/deliver/session.ts',
    was: 'stored === undefined',
    becomes: ['false'],
    why: 'what is removed was read: the types cannot say so',
  },
  {
    file: `${records}/own-records.ts`,
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'only the second item of what was found is looked at',
  },
  {
    file: `${records}/own-records.ts`,
    was: '/^head\\/(\\d+)$/u',
    becomes: ['/head\\/(\\d+)$/u', '/^head\\/(\\d+)/u'],
    why: 'no other id of this partition has this in it',
  },
  {
    file: 'lib/jobs/watch/ask-regions.ts',
    was: '{ return undefined; }',
    becomes: ['{}'],
    why: 'a function that ends without a value returns undefined',
  },
  {
    file: `${records}/change-record.ts`,
    was: 'newest === undefined',
    becomes: ['false'],
    why: 'an empty page is shorter than its limit: the types cannot say so',
  },
  {
    file: `${records}/cluster-records.ts`,
    was: 'decisions.length / decisionsPerRecord',
    becomes: ['decisions.length * decisionsPerRecord'],
    why: 'groups beyond the last decision are empty, and write nothing',
  },
  { file: `${records}/past-records.ts`, was: 'parts.at(-1)?.push', becomes: ['parts.at(-1).push'], why: onlyForTypes },
  {
    file: `${records}/round-findings.ts`,
    was: 'parts.at(-1)?.push',
    becomes: ['parts.at(-1).push'],
    why: onlyForTypes,
  },
  { file: `${records}/watch-records.ts`, was: 'parts.at(-1)?.push', becomes: ['parts.at(-1).push'], why: onlyForTypes },
  {
    file: `${records}/round-findings.ts`,
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'no round has a list of this name',
  },
  {
    file: `${records}/load-past.ts`,
    was: 'i % 8 === 0',
    becomes: ['true'],
    why: 'others run a little oftener in between',
  },
  {
    file: 'lib/jobs/watch/decide-watch.ts',
    was: "answer.kind === 'ok'",
    becomes: ['true'],
    why: 'an answer without versions names none, as if it were not known',
  },
  {
    file: 'lib/jobs/watch/decide-watch.ts',
    was: "facts.subject.kind === 'cluster'",
    becomes: ['true'],
    why: 'only clusters have a version: the types cannot say so',
  },
  {
    file: 'lib/jobs/watch/watch-clusters.ts',
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'what is no pool has no size, and is left out',
  },
  {
    file: 'lib/io/listen/send-event.ts',
    was: '/^https?:$/u',
    becomes: ['/^https?:/u'],
    why: 'a protocol ends with its colon',
  },
  {
    file: `${scaling}/brake.ts`,
    was: 'timelines.set(hash, known);',
    becomes: [';'],
    why: 'what is kept here is only quicker than making it again',
  },
  {
    file: `${scaling}/settle.ts`,
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'a change of no pool settles nothing',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'pool === undefined',
    becomes: ['false'],
    why: 'what was seen done was seen: the types cannot say so',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'pool?.updatedAt',
    becomes: ['pool.updatedAt'],
    why: onlyForTypes,
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'pool.size === undefined',
    becomes: ['false'],
    why: 'the comparisons after it are false for a count that is not known',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'pool.updatedAt !== undefined',
    becomes: ['true'],
    why: 'no time is later than another that is not known',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'updated !== undefined',
    becomes: ['true'],
    why: 'no time is later than another that is not known',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'updated <= now',
    becomes: ['updated < now'],
    why: 'both ends are the same time then',
  },
  {
    file: `${scaling}/settle.ts`,
    was: 'missingSince !== undefined',
    becomes: ['true'],
    why: 'nothing is as long as a time that is not known',
  },
  {
    file: `${scaling}/plan-round.ts`,
    was: '[]',
    becomes: ['["Stryker was here"]'],
    why: 'a cluster is planned only with pools, and one without remembers none',
  },
  {
    file: `${scaling}/base.ts`,
    was: '[memory?.lastSet, memory?.notApplied?.target].filter((size) => size !== undefined)',
    becomes: ['[memory?.lastSet, memory?.notApplied?.target]'],
    why: 'a size that is not known has no part that is 0',
  },
  {
    file: `${scaling}/base.ts`,
    was: 'size !== undefined',
    becomes: ['true'],
    why: 'a size that is not known has no part that is 0',
  },
  {
    file: `${scaling}/manual-changes.ts`,
    was: 'override === undefined || above === undefined',
    becomes: ['override === undefined && above === undefined'],
    why: onlyForTypes,
  },
  {
    file: `${scaling}/manual-changes.ts`,
    was: 'override === undefined',
    becomes: ['false'],
    why: 'the other condition says the same',
  },
  {
    file: `${scaling}/manual-changes.ts`,
    was: 'above === undefined',
    becomes: ['false'],
    why: 'the other condition says the same',
  },
  {
    file: `${scaling}/manual-changes.ts`,
    was: 'unseenSince !== undefined',
    becomes: ['true'],
    why: 'nothing is as short as a time that is not known',
  },
  {
    file: `${scaling}/decision-history.ts`,
    was: 'holds.length === 0 && settled.length === 0 && action === undefined',
    becomes: ['false'],
    why: 'this is only quicker than going through nothing',
  },
  {
    file: `${scaling}/decision-history.ts`,
    was: 'hold === undefined && memory.held === undefined',
    becomes: ['false'],
    why: 'this is only quicker than remembering the same',
  },
  {
    file: `${scaling}/decision-history.ts`,
    was: 'next !== memory',
    becomes: ['true'],
    why: 'this is only quicker than a copy of the same',
  },
  {
    file: `${scaling}/decision-history.ts`,
    was: 'false',
    becomes: ['true'],
    why: 'a copy of the same is not written either',
  },
  {
    file: `${scaling}/unclear-pool.ts`,
    was: '{ running: undefined, scheduledWithoutBase: undefined, isQuiet: false }',
    becomes: ['{}'],
    why: 'a pool that was not read teaches no base, whatever else is so',
  },
  {
    file: `${scaling}/unclear-pool.ts`,
    was: 'false',
    becomes: ['true'],
    why: 'a pool that was not read teaches no base, whatever else is so',
  },
  { file: `${scaling}/order.ts`, was: 'seen.pools?.toSorted', becomes: ['seen.pools.toSorted'], why: onlyForTypes },
  { file: `${scaling}/order.ts`, was: '[]', becomes: ['["Stryker was here"]'], why: 'a list of one pool is in order' },
  {
    file: `${scaling}/order.ts`,
    was: 'byNameAndId(pools[i - 1] as typeof pool, pool) <= 0',
    becomes: ['byNameAndId(pools[i - 1] as typeof pool, pool) < 0'],
    why: 'no two pools have the same id',
  },
  {
    file: `${scaling}/evaluate-pool.ts`,
    was: "input.pool.status === 'Running'",
    becomes: ['true'],
    why: 'a pool that is not Running is blocked',
  },
  {
    file: `${scaling}/removed-rule.ts`,
    was: "{ text: '(removed)', region: undefined, cluster: '', pool: undefined, exactPool: false }",
    becomes: ['{}'],
    why: 'nobody asks that of a rule that is gone',
  },
  {
    file: `${scaling}/removed-rule.ts`,
    was: "{ file: '', line: 0 }",
    becomes: ['{}'],
    why: 'nobody asks that of a rule that is gone',
  },
  {
    file: `${scaling}/removed-rule.ts`,
    was: '{ max: undefined, longestMs: 0 }',
    becomes: ['{}'],
    why: 'nobody asks that of a rule that is gone',
  },
  {
    file: `${scaling}/removed-rule.ts`,
    was: 'false',
    becomes: ['true'],
    why: 'nobody asks that of a rule that is gone',
  },
  {
    file: `${scaling}/base.ts`,
    was: 'idle === undefined',
    becomes: ['false'],
    why: 'no size is equal to one that is not known',
  },
  { file: `${scaling}/change-or-hold.ts`, was: 'pause?.until', becomes: ['pause.until'], why: onlyForTypes },
  {
    file: `${scaling}/refusal.ts`,
    was: 'target === undefined',
    becomes: ['false'],
    why: 'no refusal is of a size that is not known',
  },
];
