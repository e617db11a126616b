/** The candidate that `word` is most likely a typo of, if one is near enough. */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: { readonly candidate: string; readonly away: number } | undefined;
  for (const candidate of candidates) {
    // The difference in length is a lower bound, so long words are skipped cheaply.
    if (Math.abs(lower.length - candidate.length) > allowance(candidate)) continue;
    const away = awayFrom(lower, candidate.toLowerCase());
    if (away <= allowance(candidate) && (best === undefined || away < best.away)) best = { candidate, away };
  }
  return best?.candidate;
}

/** Two swapped letters count as one typo, not as two edits. */
function awayFrom(word: string, candidate: string): number {
  const edits = countEdits(word, candidate);
  return edits === 2 && sortLetters(word) === sortLetters(candidate) ? 1 : edits;
}

/** Levenshtein distance: how many letters must be inserted, deleted or replaced. */
export function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] as number) + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}

function sortLetters(word: string): string {
  return word.split('').sort().join('');
}

/** One typo in a short word, up to a third of a long one. */
function allowance(candidate: string): number {
  return Math.max(1, Math.min(4, Math.floor(candidate.length / 3)));
}

const mostListed = 40;

/** `did you mean "x"?`, else the list of candidates. */
export function suggest(word: string, candidates: readonly string[]): string {
  const nearest = findNearest(word, candidates);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  if (candidates.length === 0) return 'none is defined';
  const more = candidates.length > mostListed ? ` and ${candidates.length - mostListed} more` : '';
  return `use one of: ${candidates.slice(0, mostListed).join(', ')}${more}`;
}
