import { isMap, isPair, isScalar, isSeq, parseDocument, stringify, type YAMLMap } from 'yaml';
import { countLines } from '../../config/yaml-source.ts';
import { CommandError } from '../../errors.ts';

/** A rule to promote: where it stands (line from 1), and the match for a rule of its own before it, where it reaches further. */
export type ToPromote = { readonly line: number; readonly ownMatch: string | undefined };

/** What changes at one place: the lines that go and those that come, from `line` on. */
export type LineChange = { readonly line: number; readonly gone: readonly string[]; readonly come: readonly string[] };

export type Promoted = { readonly text: string; readonly changes: readonly LineChange[] };

type Insert = { readonly from: number; readonly to: number; readonly text: string };

/**
 * The text of a config file with these rules acting: everything else stays as it was written, comments too. Throws
 * CommandError for a rule that is written in a way that cannot be changed like that (an alias).
 */
export function promoteLines(file: string, text: string, rules: readonly ToPromote[]): Promoted {
  const lines = countLines(text);
  const document = parseDocument(text);
  const pools: unknown = document.get('pools');
  const items: readonly unknown[] = isSeq(pools) ? pools.items : [];
  const edits = rules.map((rule) => {
    const node = items.find((item) => isMap(item) && lines.linePos(item.range?.[0] ?? 0).line === rule.line);
    if (!isMap(node) || node.range == null)
      throw new CommandError(`The rule at ${file}:${rule.line} is a YAML alias: set its mode to act by hand`);
    return rule.ownMatch === undefined ? actingEdit(node, text) : newRuleEdit(node, text, rule.ownMatch);
  });
  const sorted = edits.toSorted((a, b) => b.from - a.from);
  const after = sorted.reduce((so, { from, to, text: put }) => so.slice(0, from) + put + so.slice(to), text);
  return { text: after, changes: edits.toSorted((a, b) => a.from - b.from).map((edit) => changeOf(text, edit)) };
}

/** Its own mode, or one more key where it has the mode of the defaults. */
function actingEdit(node: YAMLMap, text: string): Insert {
  const mode = node.items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === 'mode')?.value;
  if (isScalar(mode) && mode.range) return { from: mode.range[0], to: mode.range[1], text: 'act' };
  const [start = 0, end = 0] = node.range ?? [];
  if (node.flow) {
    const at = text.slice(0, end).trimEnd().length - 1;
    const last = text.slice(start, at).trimEnd().length + start;
    return { from: last, to: last, text: text[last - 1] === ',' ? ' mode: act' : ', mode: act' };
  }
  const column = start - (text.lastIndexOf('\n', start) + 1);
  return { from: start, to: start, text: `mode: act\n${' '.repeat(column)}` };
}

/** A rule with the same keys for what was asked, before the one that reaches further: the first that matches counts. */
function newRuleEdit(node: YAMLMap, text: string, match: string): Insert {
  const [start = 0] = node.range ?? [];
  const dash = text.lastIndexOf('-', start);
  const column = dash - (text.lastIndexOf('\n', dash) + 1);
  const own = { ...(node.toJSON() as object), match, mode: 'act' };
  const rule = stringify(own, { collectionStyle: 'flow', lineWidth: 0 }).trim();
  return { from: dash, to: dash, text: `- ${rule}\n${' '.repeat(column)}` };
}

function changeOf(text: string, { from, to, text: put }: Insert): LineChange {
  const begin = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', to) === -1 ? text.length : text.indexOf('\n', to);
  const gone = text.slice(begin, end).split('\n');
  const come = (text.slice(begin, from) + put + text.slice(to, end)).split('\n');
  const line = text.slice(0, begin).split('\n').length;
  // A line that only moves down is no change.
  return come.at(-1) === gone.at(-1) && gone.length === 1
    ? { line, gone: [], come: come.slice(0, -1) }
    : { line, gone, come };
}
