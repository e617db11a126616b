/** The screen of a terminal: what stands on it, and how many lines left it at the top. */
export type Screen = {
  readonly write: (text: string) => void;
  readonly lines: () => readonly string[];
  readonly scrolled: () => number;
};

/** Knows what the demo uses: text that wraps, new lines, the cursor going up, and a line cleared to its end. */
export function makeScreen(columns: number, rows: number): Screen {
  const screen = Array.from({ length: rows }, () => '');
  let [row, column, gone] = [0, 0, 0];
  const newLine = () => {
    column = 0;
    row += 1;
    if (row < rows) return;
    row = rows - 1;
    screen.shift();
    screen.push('');
    gone += 1;
  };
  const put = (character: string) => {
    if (column === columns) newLine();
    const line = (screen[row] ?? '').padEnd(column);
    screen[row] = `${line.slice(0, column)}${character}${line.slice(column + 1)}`;
    column += 1;
  };
  const obey = (parameter: string, command: string) => {
    if (command === 'A') row = Math.max(0, row - Number(parameter || 1));
    if (command === 'K') screen[row] = (screen[row] ?? '').slice(0, column);
  };
  return {
    write: (text) => {
      for (const [found, parameter, command] of text.matchAll(/\p{Cc}\[([?\d;]*)([A-Za-z])|[^]/gu)) {
        if (command !== undefined) obey(parameter ?? '', command);
        else if (found === '\n') newLine();
        else put(found);
      }
    },
    lines: () => screen,
    scrolled: () => gone,
  };
}
