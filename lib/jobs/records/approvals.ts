import { isKnownRule, type StoredRule } from '../../decide/scaling/memory.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Approval, Ask } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { putAsk } from './ask-records.ts';
import { changeRecord, putOver } from './change-record.ts';
import { readFleetState, ruleKey, ruleToStore } from './cluster-records.ts';

export type ApprovedBy = Pick<Approval, 'who' | 'reason' | 'until'>;

const mostRulesOfCommit = 50;
/** How long an approval waits for the config that it was given for. */
const waitsForMs = 366 * dayMs;

/**
 * Approves what the brake holds: everything that exactly this config wants, until `until`; and permanently each of its
 * rules, by hash of its meaning, so that an unchanged rule needs no second approval for later clusters. If no round has
 * begun with this config yet, all of that waits for the first that does (ADR 10). Earlier approvals are not cut short;
 * resolves to them.
 */
export async function approveConfig(
  store: Store,
  config: CompiledConfig,
  by: ApprovedBy,
  now: EpochMs,
): Promise<readonly Approval[]> {
  const { startedConfig } = await readFleetState(store);
  const isAhead = startedConfig !== config.hash;
  await approveRules(store, config, now);
  const before: Approval[] = [];
  for (const { name: region } of config.regions) {
    const id = `approval/${config.hash}`;
    const common = { schema: 1, kind: 'approval', id, region, askedAt: now, configHash: config.hash } as const;
    const approval: Approval = { ...common, ...by, ...(isAhead && { isAhead }) };
    const keepMs = isAhead ? Math.max(config.keepMs, waitsForMs) : config.keepMs;
    const known = await putAsk(store, approval, keepMs, ({ until }) => {
      return { ...approval, until: Math.max(until, approval.until) };
    });
    if (known !== undefined) before.push(known);
  }
  return before;
}

/**
 * The first round begins with a config: what was approved ahead counts from now on, and so do its rules for each pool
 * that comes under them meanwhile, also in parts and clusters that are read later.
 */
export async function beginApprovals(
  store: Store,
  config: CompiledConfig,
  asks: readonly Ask[],
  now: EpochMs,
): Promise<void> {
  const ahead = asks.flatMap((ask) =>
    ask.kind === 'approval' && ask.configHash === config.hash && ask.isAhead ? [ask] : [],
  );
  if (ahead.length === 0) return;
  const begun = ahead.map(({ isAhead: _waits, ...ask }) => ({
    ...ask,
    until: now + Math.max(0, ask.until - ask.askedAt),
  }));
  await approveRules(store, config, now, Math.max(...begun.map(({ until }) => until)));
  for (const approval of begun) await putAsk(store, approval, config.keepMs);
}

/** Rules that act. An observing rule has another hash once it acts. */
async function approveRules(store: Store, config: CompiledConfig, now: EpochMs, approvedAt = now): Promise<void> {
  const acting = config.rules.filter(({ mode }) => mode === 'act');
  const rules = [...new Set(acting.map(({ hash }) => hash))].flatMap((hash) => ruleToStore(config, hash, now) ?? []);
  for (let i = 0; i < rules.length; i += mostRulesOfCommit) {
    await approveSome(store, rules.slice(i, i + mostRulesOfCommit), approvedAt);
  }
}

async function approveSome(store: Store, rules: readonly StoredRule[], approvedAt: EpochMs): Promise<void> {
  await changeRecord(store, {
    what: 'the approval',
    read: () => Promise.all(rules.map(async (rule) => ({ rule, known: await store.read(ruleKey(rule.rule.hash)) }))),
    change: (all) => ({
      writes: all.map(({ rule, known }) => {
        const before = known?.value as unknown as StoredRule | undefined;
        const stored = isKnownRule(before) ? before : rule;
        const last = Math.max(stored.approvedAt ?? approvedAt, approvedAt);
        return putOver(ruleKey(rule.rule.hash), { ...stored, approvedAt: last }, known?.version);
      }),
      result: undefined,
    }),
  });
}
