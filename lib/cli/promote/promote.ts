import { readFile } from 'node:fs/promises';
import { compileMatch, covers, mayOverlap } from '../../config/compile-match.ts';
import { renderProblem } from '../../config/problem.ts';
import { loadConfig } from '../../config/read-config.ts';
import type { Rehearsal } from '../../decide/rehearsal/rehearsal.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { CommandError } from '../../errors.ts';
import type { CompiledConfig, Match, Rule } from '../../model/config.ts';
import { partsOf, reachedRegions } from '../../model/match.ts';
import { counted } from '../../model/text.ts';
import { readAskedMatch, seenPools } from '../asks/asked-match.ts';
import { lookIntoStore, onNamedStore, readConfig } from '../config-and-store.ts';
import type { ConfigOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { rehearsalText } from '../rehearse/rehearsal-text.ts';
import { rehearseOne } from '../rehearse/rehearse-command.ts';
import { startingFleet } from '../rehearse/starting-fleet.ts';
import { makePaint } from '../text/paint.ts';
import { type LineChange, promoteLines } from './promoted-lines.ts';

export type PromoteOptions = ConfigOption & { readonly days: number; readonly offline?: true };

/** Prints the lines of the config by which what only observes would act, and the rehearsal of that. Writes nothing. */
export async function promote(parts: CliParts, text: string, options: PromoteOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const match = readAskedMatch(text, config);
  const rules = await observingRules(parts, config, match);
  if (rules.length === 0) {
    parts.stdout.write(
      `no rule in ${config.file} that matches "${match.text}" is in mode observe: there is nothing to promote\n`,
    );
    return;
  }
  const files = await promoteFiles(rules, match, config);
  for (const [file, { changes }] of files) parts.stdout.writeLines(patchText(file, changes));
  const promoted = await compilePromoted(
    parts,
    config,
    new Map([...files].map(([file, { text: after }]) => [file, after])),
  );
  await tellRehearsal(parts, promoted, match, options);
}

/** Those that pools of the match are under; where no such pool was seen, those that may match the same. */
async function observingRules(parts: CliParts, config: CompiledConfig, match: Match): Promise<readonly Rule[]> {
  const regions = config.regions.map(({ name }) => name);
  const seen = (await lookIntoStore(parts, config, (store) => seenPools(store, regions))) ?? [];
  const book = makeRuleBook(config, parts.clock.now());
  const theirs = seen.filter((pool) => isMatched(match, pool)).map((pool) => book.ruleOf(pool));
  const observes = (rule: Rule) => rule.mode === 'observe' && rule.schedule !== undefined;
  const isTheirs = (rule: Rule) => (theirs.length > 0 ? theirs.includes(rule) : mayOverlap(rule.match, match));
  return config.rules.filter((rule) => observes(rule) && isTheirs(rule));
}

async function promoteFiles(rules: readonly Rule[], match: Match, config: CompiledConfig) {
  const byFile = Map.groupBy(rules, ({ position }) => position.file);
  const promoted = [...byFile].map(async ([file, own]) => {
    const wanted = own.map((rule) => {
      return { line: rule.position.line, ownMatch: ownMatch(rule, match, config) };
    });
    return [file, promoteLines(file, await readFile(file, 'utf8'), wanted)] as const;
  });
  return new Map(await Promise.all(promoted));
}

/**
 * The match of a rule of its own, before one that reaches further than what was asked; undefined = the whole rule is meant.
 * What only overlaps with a rule would take pools away from later ones: that is left to people.
 */
function ownMatch(rule: Rule, match: Match, { regions }: CompiledConfig): string | undefined {
  const whole = regions.every(({ name }) => reachedRegions(match, [{ name }]).length > 0);
  const asked = whole ? withoutRegion(match) : match;
  if (covers(asked, rule.match)) return undefined;
  const pools = `${asked.text}${partsOf(asked).pool === undefined ? '/*' : ''}`;
  if (covers({ ...rule.match, region: undefined }, compiled(pools))) return pools;
  const { region } = partsOf(asked);
  if (region !== undefined && rule.match.region === undefined && covers(withoutRegion(match), rule.match))
    return `${region}:${rule.match.text}`;
  const { file, line } = rule.position;
  throw new CommandError(
    `"${match.text}" and the rule "${rule.match.text}" (${file}:${line}) overlap only in part: name pools within the rule, or all of them`,
  );
}

function withoutRegion(match: Match): Match {
  const { region, cluster, pool } = partsOf(match);
  return region === undefined ? match : compiled(pool === undefined ? cluster : `${cluster}/${pool}`);
}

function compiled(text: string): Match {
  const outcome = compileMatch(text);
  if (!outcome.ok) throw new CommandError(`"${text}" is not a match for a rule: write cluster/pool`);
  return outcome.match;
}

/** "lamplighter.yml:12", then the lines as a patch has them. */
function patchText(file: string, changes: readonly LineChange[]): string {
  const lines = changes.flatMap(({ line, gone, come }) => [
    `${file}:${line}`,
    ...gone.map((text) => `- ${text}`),
    ...come.map((text) => `+ ${text}`),
  ]);
  return `${lines.join('\n')}\n\n`;
}

async function compilePromoted(
  { clock, env }: CliParts,
  config: CompiledConfig,
  texts: ReadonlyMap<string, string>,
): Promise<CompiledConfig> {
  const read = async (file: string) => texts.get(file) ?? readFile(file, 'utf8');
  const outcome = await loadConfig(config.file, { now: clock.now(), readFile: read });
  if (outcome.ok) return onNamedStore(outcome.config, env);
  const problems = outcome.problems.map(renderProblem).join('\n');
  throw new CommandError(`With this change the config would be invalid: change it by hand\n${problems}`);
}

async function tellRehearsal(
  parts: CliParts,
  config: CompiledConfig,
  match: Match,
  { days, offline }: PromoteOptions,
): Promise<void> {
  const fleet = await startingFleet(parts, { config, against: undefined, isOffline: offline === true, named: [] });
  const now = parts.clock.now();
  const rehearsal = onlyOf(rehearseOne(config, fleet, now, days), match);
  for (const note of fleet.notes) parts.stderr.write(`${note}\n`);
  if (rehearsal.pools.length === 0) {
    parts.stdout.write('these rules match no known pool: there is nothing to rehearse\n');
    return;
  }
  parts.stdout.write(`with these lines, in the coming ${counted(days, 'day')}:\n`);
  const { stdout, env, redactor } = parts;
  const paint = makePaint(stdout, env);
  const look = { config, paint, clean: redactor.clean, columns: stdout.columns, hasChanges: false, days };
  stdout.write(`${rehearsalText(rehearsal, look).join('\n')}\n`);
}

function onlyOf(rehearsal: Rehearsal, match: Match): Rehearsal {
  const pools = rehearsal.pools.filter((pool) => isMatched(match, pool));
  const changes = rehearsal.changes.filter((change) => isMatched(match, change));
  const announced = rehearsal.announced.flatMap((one) => {
    const own = one.pools.filter((pool) => isMatched(match, pool));
    return own.length === 0 ? [] : [{ ...one, pools: own }];
  });
  return { ...rehearsal, pools, changes, announced, bystanders: [] };
}
