import type { CliParts } from '../cli-parts.ts';
import { makePaint, type Paint } from '../paint.ts';
import { clockOf } from '../render/instant.ts';
import { demoZone } from './demo-fleet.ts';
import { drawFilm, type Film } from './picture.ts';
import type { Frame } from './play-story.ts';

export type Screen = { readonly show: (frame: Frame) => void; readonly close: (film: Film | undefined) => void };

/** On a terminal one picture that is drawn again in place; elsewhere plain lines, and the picture at the end. */
export function openScreen(parts: CliParts): Screen {
  return parts.stdout.isTerminal && parts.env.TERM !== 'dumb' ? terminalScreen(parts) : plainScreen(parts);
}

const shownLines = 7;

function terminalScreen({ stdout, env }: CliParts): Screen {
  const paint = makePaint(stdout, env);
  const story: string[] = [];
  let height = 0;
  const draw = (lines: readonly string[]) => {
    const up = height === 0 ? '\x1b[?25l' : `\x1b[${height}A`;
    stdout.write(`${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}`);
    height = lines.length;
  };
  return {
    show: ({ at, film, lines }) => {
      for (const line of lines) story.push(storyLine(at, line, paint, stdout.columns));
      const last = story.slice(-shownLines);
      const rest = Array.from({ length: shownLines - last.length }, () => '');
      draw([title(at, paint), '', ...drawFilm(film, stdout.columns, paint), '', ...last, ...rest]);
    },
    close: () => stdout.write('\x1b[?25h'),
  };
}

function plainScreen({ stdout, env }: CliParts): Screen {
  const paint = makePaint({ isTerminal: false }, env);
  let isFirst = true;
  return {
    show: ({ at, film, lines }) => {
      if (isFirst) stdout.write(`${drawFilm(film, 80, paint).join('\n')}\n\n`);
      isFirst = false;
      for (const line of lines) stdout.write(`${storyLine(at, line, paint, Number.POSITIVE_INFINITY)}\n`);
    },
    close: (film) => film && stdout.write(`\n${drawFilm(film, 80, paint).join('\n')}\n`),
  };
}

function title(at: number, paint: Paint): string {
  const { weekday, time } = clockOf(at, demoZone);
  const hour = Number(time.slice(0, 2));
  const part = hour < 6 || hour >= 22 ? 'night' : hour < 10 ? 'morning' : 'evening';
  return `${paint.bold(`${weekday} ${time}`)} ${part} in ${demoZone}   ${paint.dim('nodes of each pool; office hours are 07:00 to 19:00')}`;
}

/** Cut to the terminal's width, so that a line stays one line. */
function storyLine(at: number, { who, text }: Frame['lines'][number], paint: Paint, columns: number): string {
  const line = `${clockOf(at, demoZone).time}  ${who === 'fleet' ? '! ' : '  '}${text}`;
  const cut = line.length > columns - 1 ? `${line.slice(0, columns - 2)}…` : line;
  return who === 'fleet' ? paint.cyan(cut) : cut;
}
