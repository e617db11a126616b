/** Commands of the docs that take long: commands.long.test.ts runs them, as processes. */
export const runLong: readonly string[] = [
  'npm start',
  'npm pack',
  'npm run package -- --config my-fleet.yml',
  'npm run simulate -- --seed 7 --trace',
  'npm run simulate -- --planted --bug unclamped',
];
