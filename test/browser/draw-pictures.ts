/**
 * Draws the README's two pictures of the page again, from the fleet that the browser tests use:
 * `node test/browser/draw-pictures.ts`. Needs Chromium (see browser.ts).
 */
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { addPage } from '../../lib/cli/page/page-routes.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { serveListen } from '../../lib/io/listen/serve.ts';
import { minuteMs } from '../../lib/model/time.ts';
import { keepFleet, pageNow, smallAway, smallScenes } from '../support/page-fleet.ts';
import { openBrowser } from './browser.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

const { store, config } = await keepFleet({ scenes: smallScenes, away: smallAway, everyMs: 10 * minuteMs });
const parts = {
  store,
  clock: { ...systemClock, now: () => pageNow },
  config: () => config,
  zone: () => 'Europe/Berlin',
  clean: (text: string) => text,
  host: '127.0.0.1',
};
const listening = await serveListen(addPage(new Hono(), parts), { host: '127.0.0.1', port: 0 }, systemClock);
const browser = await openBrowser();
const address = `http://127.0.0.1:${listening.port}/`;

await draw('page-light', { url: address, colorScheme: 'light', width: 1240, height: 1120 });
await draw('page-dark-opened', {
  url: `${address}?view=night`,
  colorScheme: 'dark',
  width: 1240,
  height: 1000,
  opened: 'dev-api/workers',
});
await browser.close();
await listening.close();

type Picture = {
  readonly url: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  /** A pool whose row is opened; the picture begins with the board. */
  readonly opened?: string;
};

async function draw(name: string, { url, colorScheme, width, height, opened }: Picture): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  await page.goto(url);
  if (opened !== undefined) {
    await page.locator(`[data-name="${opened}"] summary`).click();
    await page.locator('nav.views').evaluate((views) => views.parentElement?.scrollIntoView());
    await page.mouse.move(2, height - 2);
    await page.evaluate('scrollBy(0, -12)');
  }
  await page.screenshot({ path: `${folder}${name}.png` });
  await context.close();
}
