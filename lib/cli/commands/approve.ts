import { type Command, Option } from 'commander';
import type { Store } from '../../io/stores/store.ts';
import { approveConfig } from '../../jobs/records/approvals.ts';
import { readFleetState } from '../../jobs/records/cluster-records.ts';
import { listRoundHeads } from '../../jobs/records/round-findings.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { because, counted } from '../../model/text.ts';
import { dayMs, type EpochMs, iso } from '../../model/time.ts';
import { asPerson, keepDeed } from '../asks/deeds.ts';
import { takeEffect } from '../asks/take-effect.ts';
import { readConfig, withStore } from '../config-and-store.ts';
import { type AskOptions, addAskOptions, examples, readDuration } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { heldPools, isSamePool, listKnownPools } from '../pools.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { onceInRegions, poolLabels } from '../text/labels.ts';
import { writeJson } from '../text/table.ts';

type ApproveOptions = AskOptions & { readonly for: number };

export function addApprove(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('approve')
      .description('Release the brake: allow the scale-downs that it holds because of a new or changed config.')
      .addOption(
        new Option('--for <duration>', 'how long the approval is valid').argParser(readDuration).default(dayMs, '24h'),
      ),
  ).action((options: ApproveOptions) => approve(parts, options));
  examples(command, [
    ['lamplighter plan', 'first see what would happen'],
    ['lamplighter approve --reason "smaller nights, agreed"', ''],
  ]);
}

async function approve(given: CliParts, options: ApproveOptions): Promise<void> {
  const config = await readConfig(given, options.config);
  const parts = await asPerson(given, config);
  const approved = await withStore(parts, config, (store) => keepApproval(parts, config, store, options));
  if (options.json) writeJson(parts.stdout, approvalJson(parts, config, options, approved));
  else parts.stdout.write(`${approvalLines(parts, config, approved).join('\n  ')}\n`);
}

type Approved = {
  readonly until: EpochMs;
  /** Pools that the brake held in the last round. */
  readonly held: readonly Names[];
  /** What the brake said. */
  readonly texts: readonly string[];
  readonly notes: readonly string[];
};

/** Bound to the config's hash; rules that stay as they are stay approved. */
async function keepApproval(
  parts: CliParts,
  config: CompiledConfig,
  store: Store,
  { reason, for: forMs }: ApproveOptions,
): Promise<Approved> {
  const now = parts.clock.now();
  const asked = now + forMs;
  const { startedConfig } = await readFleetState(store);
  const before = await approveConfig(store, config, { who: parts.who, reason, until: asked }, now);
  const until = Math.max(asked, ...before.map((one) => one.until));
  await keepDeed(parts, store, config, { verb: 'approve', what: `config ${config.hash} until ${iso(until)}`, reason });
  const zone = readingZone(config, parts);
  const others = onceInRegions(config, before, (one, where) => {
    const longer = one.until > asked ? ', which lasts longer and stays in force' : '';
    return `${printable(one.who)} had approved it${where} until ${localInstant(one.until, zone)}${printable(because(one.reason))}${longer}`;
  });
  const waits = startedConfig === config.hash ? [] : [waitingText];
  const what = await whatIsHeld(store, config);
  const isHeld = (pool: Names) => what.held.some((one) => isSamePool(one, pool));
  return { ...what, until, notes: [...others, ...waits, ...(await takeEffect(parts, config, store, isHeld))] };
}

const waitingText =
  'no round has begun with this config yet: the approval waits for the first one, and its time counts from then on';

function approvalJson(
  { who }: CliParts,
  { hash }: CompiledConfig,
  options: ApproveOptions,
  { until, held, notes }: Approved,
): object {
  const reason = options.reason ?? null;
  return { kind: 'approval', configHash: hash, until: rfc3339(until), who, reason, held, notes };
}

function approvalLines(
  parts: CliParts,
  config: CompiledConfig,
  { until, held, texts, notes }: Approved,
): readonly string[] {
  const local = localInstant(until, readingZone(config, parts));
  return [
    `approved config ${config.hash} (${config.file}) until ${local}; its rules need no further approval until they change`,
    ...texts,
    ...releasedText(held.map(poolLabels(config))),
    ...notes,
    ...(texts.length + held.length === 0 ? ['the brake held nothing in the last round'] : []),
  ];
}

const mostNamed = 20;

function releasedText(names: readonly string[]): readonly string[] {
  const more = names.length - mostNamed;
  return [
    ...names.slice(0, mostNamed).map((name) => `released: ${name}`),
    ...(more > 0 ? [`released: and ${counted(more, 'more pool')}`] : []),
  ];
}

async function whatIsHeld(store: Store, config: CompiledConfig) {
  const regions = config.regions.map(({ name }) => name);
  const rounds = (await Promise.all(regions.map((region) => listRoundHeads(store, region)))).flat();
  const brakes = rounds.flatMap(({ findings }) => findings.filter(({ kind }) => kind === 'config.brake'));
  const held = heldPools(await listKnownPools(store, regions), 'brake');
  const pools = held.map(({ region, cluster, pool }) => ({ region, cluster, pool }));
  return { held: pools, texts: [...new Set(brakes.map(({ text }) => text))] };
}
