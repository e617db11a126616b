import type { StoredRule } from '../../decide/scaling/memory.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Approval } from '../../model/asks.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { putAsk } from './ask-records.ts';
import { changeRecord, putOver } from './change-record.ts';
import { ruleKey, ruleToStore } from './cluster-records.ts';

export type ApprovedBy = Pick<Approval, 'who' | 'reason' | 'until'>;

const mostRulesOfCommit = 50;

/**
 * Approves what the brake holds: everything that exactly this config wants, until `until`; and permanently each of its
 * rules, by hash of its meaning, so that an unchanged rule needs no second approval for later clusters. Earlier
 * approvals are not cut short; resolves to them.
 */
export async function approveConfig(
  store: Store,
  config: CompiledConfig,
  by: ApprovedBy,
  now: EpochMs,
): Promise<readonly Approval[]> {
  await approveRules(store, config, now);
  const before: Approval[] = [];
  for (const { name: region } of config.regions) {
    const id = `approval/${config.hash}`;
    const common = { schema: 1, kind: 'approval', id, region, askedAt: now, configHash: config.hash } as const;
    const approval: Approval = { ...common, ...by };
    const known = await putAsk(store, approval, config.keepMs, ({ until }) => {
      return { ...approval, until: Math.max(until, approval.until) };
    });
    if (known !== undefined) before.push(known);
  }
  return before;
}

/** Rules that act. An observing rule has another hash once it acts. */
async function approveRules(store: Store, config: CompiledConfig, now: EpochMs): Promise<void> {
  const acting = config.rules.filter(({ mode }) => mode === 'act');
  const rules = [...new Set(acting.map(({ hash }) => hash))].flatMap((hash) => ruleToStore(config, hash, now) ?? []);
  for (let i = 0; i < rules.length; i += mostRulesOfCommit) {
    await approveSome(store, rules.slice(i, i + mostRulesOfCommit), now);
  }
}

async function approveSome(store: Store, rules: readonly StoredRule[], approvedAt: EpochMs): Promise<void> {
  await changeRecord(store, {
    what: 'the approval',
    read: () => Promise.all(rules.map(async (rule) => ({ rule, known: await store.read(ruleKey(rule.rule.hash)) }))),
    change: (all) => ({
      writes: all.map(({ rule, known }) => {
        const stored = (known?.value as unknown as StoredRule | undefined) ?? rule;
        return putOver(ruleKey(rule.rule.hash), { ...stored, approvedAt }, known?.version);
      }),
      result: undefined,
    }),
  });
}
