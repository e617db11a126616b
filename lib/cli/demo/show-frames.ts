import { clockOf } from '../../model/wall-clock.ts';
import type { CliParts } from '../parts.ts';
import { makePaint, type Paint } from '../text/paint.ts';
import { openScreen as openPicture } from '../text/screen.ts';
import { drawFilm, type Film } from './film.ts';
import type { Frame } from './play-story.ts';
import { demoZone } from './stage.ts';

export type Screen = { readonly show: (frame: Frame) => void; readonly close: (film: Film | undefined) => void };

/** On a terminal one picture that is drawn again in place; elsewhere plain lines, and the picture at the end. */
export function openScreen(parts: Pick<CliParts, 'stdout' | 'env'>): Screen {
  const { stdout, env } = parts;
  const canRedraw = stdout.isTerminal && env.TERM !== 'dumb' && stdout.rows >= leastRows;
  return canRedraw ? terminalScreen(parts) : plainScreen(parts);
}

const shownLines = 7;
/** Room for the picture and two lines of the story; on a lower screen the lines of the story tell more. */
const leastRows = 14;

function terminalScreen({ stdout, env }: Pick<CliParts, 'stdout' | 'env'>): Screen {
  const paint = makePaint(stdout, env);
  const story: string[] = [];
  const screen = openPicture(stdout);
  return {
    show: ({ at, film, lines }) => {
      for (const line of lines) story.push(storyLine(at, line, paint));
      const picture = [title(at, paint), '', ...drawFilm(film, stdout.columns, paint), ''];
      const room = Math.max(0, Math.min(shownLines, stdout.rows - 1 - picture.length));
      const last = room === 0 ? [] : story.slice(-room);
      const rest = Array.from({ length: room - last.length }, () => '');
      screen.draw([...picture, ...last, ...rest]);
    },
    close: () => screen.close(),
  };
}

function plainScreen({ stdout, env }: Pick<CliParts, 'stdout' | 'env'>): Screen {
  const paint = makePaint({ isTerminal: false }, env);
  let isFirst = true;
  const draw = (film: Film) =>
    drawFilm(film, stdout.columns, paint)
      .map((line) => `${line}\n`)
      .join('');
  return {
    show: ({ at, film, lines }) => {
      if (isFirst) stdout.writeLines(`${draw(film)}\n`);
      isFirst = false;
      for (const line of lines) stdout.write(`${storyLine(at, line, paint)}\n`);
    },
    close: (film) => film && stdout.writeLines(`\n${draw(film)}`),
  };
}

function title(at: number, paint: Paint): string {
  const { weekday, time } = clockOf(at, demoZone);
  const hour = Number(time.slice(0, 2));
  const part = hour < 6 || hour >= 22 ? 'night' : hour < 10 ? 'morning' : 'evening';
  return `${paint.bold(`${weekday} ${time}`)} ${part} in ${demoZone}   ${paint.dim('nodes of each pool; office hours are 07:00 to 19:00')}`;
}

function storyLine(at: number, { who, text }: Frame['lines'][number], paint: Paint): string {
  const line = `${clockOf(at, demoZone).time}  ${who === 'fleet' ? '! ' : '  '}${text}`;
  return who === 'fleet' ? paint.cyan(line) : line;
}
