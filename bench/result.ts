/** One measured figure and the goal it is held against. */
export type BenchResult = {
  readonly name: string;
  readonly value: number;
  /** Unit of value and goal: "million/s", "ms", "%", "×". */
  readonly unit: string;
  /** undefined = measured for comparison only. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number } | undefined;
  /** How the value compares with something measured in the same run: "0.6 × an empty loop". */
  readonly ratio: string | undefined;
  /** true where there is no goal. */
  readonly met: boolean;
};

export function benchResult(
  name: string,
  value: number,
  unit: string,
  goal?: BenchResult['goal'],
  ratio?: string,
): BenchResult {
  const met = goal === undefined || ('atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost);
  return { name, value, unit, goal, ratio, met };
}

/** One line for a terminal. */
export function renderResult({ name, value, unit, goal, ratio, met }: BenchResult): string {
  const limit = goal === undefined ? '' : 'atLeast' in goal ? ` (goal ≥ ${goal.atLeast})` : ` (goal ≤ ${goal.atMost})`;
  const mark = goal === undefined ? ' ' : met ? '✓' : '✗';
  return `${mark} ${name}: ${round(value)} ${unit}${limit}${ratio === undefined ? '' : `, ${ratio}`}`;
}

function round(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
