/** Why something a person wrote about time cannot be used, as a value. The config adds where it stands. */
export type ScheduleProblem = {
  /** One sentence without a full stop: what is wrong. */
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string;
};

export function isScheduleProblem(value: unknown): value is ScheduleProblem {
  return typeof value === 'object' && value !== null && 'problem' in value && 'fix' in value;
}

/** What was written, short and in quotes, for a message. */
export function quote(written: unknown): string {
  const text = JSON.stringify(written) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
