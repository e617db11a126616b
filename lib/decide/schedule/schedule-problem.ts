/** A problem in a time that a person wrote, as a value. The config adds the place. */
export type ScheduleProblem = {
  /** One sentence without a full stop: what is wrong. */
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string;
};

export function isScheduleProblem(value: unknown): value is ScheduleProblem {
  return typeof value === 'object' && value !== null && 'problem' in value && 'fix' in value;
}

/** The written value, shortened and in quotes, for a message. */
export function quote(written: unknown): string {
  const text = JSON.stringify(written) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
