import { beforeAll, describe, expect, test } from 'vitest';
import { drawFilm, type Film, type Look } from '../../lib/cli/demo/film.ts';
import { type Frame, playStory } from '../../lib/cli/demo/play-story.ts';
import { openScreen } from '../../lib/cli/demo/show-frames.ts';
import { setStage, storyStart } from '../../lib/cli/demo/stage.ts';
import { makePaint } from '../../lib/cli/text/paint.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { isLong } from '../support/runs.ts';
import { makeScreen } from '../support/screen.ts';
import { makeSkippingClock } from '../support/skipping-clock.ts';
import { aCliWorld, makeOutput } from './cli-world.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const look = (size: number): Look => ({ size, asked: String(size), isMoving: false });
const plain = makePaint({ isTerminal: false }, {});

describe('the picture', () => {
  const film: Film = {
    startedAt: Date.parse('2026-11-24T16:00:00Z'),
    lengthMs: 16 * 3_600_000,
    tickMs: 3_600_000,
    zone: 'Europe/Berlin',
    pools: new Map([['dev/workers', [look(4), look(4), look(2), look(0)]]]),
  };

  test('bars by size, dots for none, blank for what is to come', () => {
    const [row, hours] = drawFilm(film, 39, plain);
    expect(row).toBe(`dev/workers ██▄·${' '.repeat(12)}  0`);
    expect(hours).toMatch(/^ {12}17 +\d\d/);
  });
});

describe('demo on screens', () => {
  /** The story is played once, until midnight; each screen draws the same frames. In `npm run test:long` it is played to its end. */
  const frames: Frame[] = [];

  beforeAll(async () => {
    let ids = 0;
    const stage = await setStage({ newId: () => `id-${(ids += 1)}`, redactor: makeRedactor() }, storyStart(now));
    const clock = makeSkippingClock(now);
    for await (const frame of playStory(stage, clock)) {
      frames.push({ ...frame, film: { ...frame.film, pools: structuredClone(frame.film.pools) } });
      if (!isLong && frame.at >= storyStart(now) + 7 * 3_600_000) break;
    }
  });

  test.each([
    [80, 24],
    [40, 14],
  ])('one picture on a screen of %i×%i, and nothing of it scrolls away', (columns, rows) => {
    const printed = makeOutput(true, columns, rows);
    const shown = openScreen({ stdout: printed.output, env: {} });
    for (const frame of frames) shown.show(frame);
    const screen = makeScreen(columns, rows);
    const [before = '', ...pictures] = printed.text().split(/(?=\p{Cc}\[\d+A)/u);
    screen.write(before);
    const scrolled = screen.scrolled();
    for (const picture of pictures) screen.write(picture);
    expect(pictures.length).toBeGreaterThan(10);
    expect(screen.scrolled()).toBe(scrolled);
    expect(
      screen.lines().filter((line) => line.startsWith(isLong ? 'Wed 09:00 morning' : 'Wed 00:00 night')),
    ).toHaveLength(1);
    expect(screen.lines().filter((line) => /^(?:Tue|Wed) \d\d:/u.test(line))).toHaveLength(1);
  });

  test('a screen too low for a picture gets lines', () => {
    const printed = makeOutput(true, 80, 10);
    const shown = openScreen({ stdout: printed.output, env: {} });
    for (const frame of frames) shown.show(frame);
    expect(printed.text()).not.toMatch(/\p{Cc}\[\d+A/u);
    expect(printed.text()).toContain('23:30');
  });
});

describe('demo', () => {
  test('an evening begins on a Tuesday at 17:00', () => {
    expect(new Date(storyStart(now)).toISOString()).toBe('2026-11-24T16:00:00.000Z');
  });

  test('without a terminal: plain lines, what happened, what to do next, in the time it is given', async () => {
    using world = aCliWorld();
    const clock = makeSkippingClock(now);
    const { code, out, err } = await world.runWith({ clock }, 'demo', '--seconds', '60');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toContain('\x1b');
    expect(out).toMatch(/19:05 {2}! the brake holds the first scale-downs; .* runs: lamplighter approve\n/);
    expect(out).toMatch(/19:05 {4}dev-batch\/workers 6 → 0/);
    expect(out).toContain('! somebody who works late sets dev-api/workers to 2 by hand');
    expect(out).toContain('keeps dev-api/workers at 2: set by hand, kept until 07:00');
    expect(out).toMatch(/23:30 {4}ml\/gpu 0\.\.0 → 3\.\.3 {2}\(lease of event:reprocessing: at least 3 until 01:30/);
    expect(out).toContain('alert: Cluster prod-web is in Error');
    expect(out).toContain('At 07:00, 7 of 7 pools were ready');
    expect(out).toContain('lamplighter init');
    expect((clock.now() - now) / 1000).toBeGreaterThan(59);
    expect((clock.now() - now) / 1000).toBeLessThan(63);
  });

  test('on a terminal the first picture is there at once', async () => {
    using world = aCliWorld();
    const stop = new AbortController();
    const clock = makeSkippingClock(now);
    const screen = makeOutput(true);
    const firstAt: number[] = [];
    const output = {
      ...screen.output,
      write: (text: string) => {
        screen.output.write(text);
        if (!text.includes('█')) return;
        firstAt.push(clock.now());
        stop.abort();
      },
    };
    await world.runWith({ clock, signal: stop.signal, stdout: output }, 'demo', '--seconds', '60');
    expect(firstAt[0]! - now).toBeLessThan(1000);
    expect(screen.text()).toContain('\x1b[?25l');
    expect(screen.text().lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.text().lastIndexOf('\x1b[?25l'));
  });

  test('stopped early it leaves a clean terminal', async () => {
    using world = aCliWorld();
    const stop = new AbortController();
    const clock = makeSkippingClock(now, async () => stop.abort());
    const screen = makeOutput(true);
    const { code } = await world.runWith({ clock, signal: stop.signal, stdout: screen.output }, 'demo');
    expect(code).toBe(0);
    expect(screen.text()).toContain('\x1b[?25h');
    expect(screen.text()).toContain('Stopped early.');
  });
});
