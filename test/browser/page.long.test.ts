import { Hono } from 'hono';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePageStore, storeNow } from '../../bench/support/page-store.ts';
import { makePage } from '../../lib/cli/page/page-model.ts';
import { addPage } from '../../lib/cli/page/page-routes.ts';
import { renderFile } from '../../lib/cli/page/render-file.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { serveListen } from '../../lib/io/listen/serve.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { keepFleet, pageNow, smallAway, smallScenes } from '../support/page-fleet.ts';
import { findViolations, hasBrowser, noBrowser, openBrowser } from './browser.ts';

const zone = 'Europe/Berlin';
const ends: (() => Promise<unknown>)[] = [];
let browser: Browser;
let small: string;
let large: string;
let file: string;

async function serve(store: Store, config: CompiledConfig, now: number): Promise<string> {
  const clock = { ...systemClock, now: () => now };
  const parts = {
    store,
    clock,
    config: () => config,
    zone: () => zone,
    clean: (text: string) => text,
    host: '127.0.0.1',
  };
  const listening = await serveListen(addPage(new Hono(), parts), { host: '127.0.0.1', port: 0 }, systemClock);
  ends.push(listening.close);
  return `http://127.0.0.1:${listening.port}`;
}

describe.skipIf(!hasBrowser)(`the page in a browser${hasBrowser ? '' : ` (skipped: ${noBrowser})`}`, () => {
  beforeAll(async () => {
    const fleet = await keepFleet({ scenes: smallScenes, away: smallAway, days: 3 });
    small = await serve(fleet.store, fleet.config, pageNow);
    const many = await makePageStore(120);
    large = await serve(many.store, many.config, storeNow);
    file = await renderFile(await makePage(fleet.store, fleet.config, pageNow, zone), fleet.store, 7, (text) => text);
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    for (const end of ends) await end();
  });

  type Look = {
    readonly width?: number;
    readonly colorScheme?: 'light' | 'dark';
    readonly javaScriptEnabled?: boolean;
  };

  async function open(url: string, { width = 1400, ...look }: Look = {}) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, ...look });
    const page = await context.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', ({ message }) => said.push(message));
    await page.goto(url);
    return { page, said, [Symbol.asyncDispose]: () => context.close() };
  }

  const wide = (page: Page) =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  test.each([
    ['small', 1400, 'light'],
    ['small', 390, 'dark'],
    ['large', 1400, 'dark'],
    ['large', 390, 'light'],
  ] as const)(
    '%s, %i px, %s: nothing sticks out, nothing is refused, and axe finds nothing',
    async (which, width, colorScheme) => {
      await using opened = await open(which === 'small' ? small : large, { width, colorScheme });
      expect(await wide(opened.page)).toBeLessThanOrEqual(0);
      expect(await findViolations(opened.page)).toEqual([]);
      expect(opened.said).toEqual([]);
    },
  );

  test('on a phone what was saved stays a table under its heads, and reasons have lines of their own', async () => {
    await using opened = await open(small, { width: 390 });
    const seen = (selector: string) =>
      opened.page.locator(selector).evaluateAll((all) => all.map((one) => one.checkVisibility()));
    expect(new Set(await seen('.saved thead'))).toEqual(new Set([true]));
    expect(new Set(await seen('.saved .hours'))).toEqual(new Set([false]));
    expect(await opened.page.locator('.saved thead').innerText()).toMatch(
      /last 7 days, saved\s+€\s+next 7 days, saved\s+€/u,
    );
    const row = opened.page.locator('[aria-labelledby="next"] tbody tr').first();
    const [when, why] = [await row.locator('td').first().boundingBox(), await row.locator('td').last().boundingBox()];
    expect(why!.y).toBeGreaterThanOrEqual(when!.y + when!.height - 1);
  });

  test('a row opens in place, by mouse and by keyboard, and says why', async () => {
    await using opened = await open(small);
    const row = opened.page.locator('details[data-name="dev-api/workers"]');
    await row.locator('summary').click();
    await row.getByText('Forget the size set by hand').waitFor();
    expect(await row.locator('h4').allTextContents()).toEqual(['Why 2', 'Next', 'What happened', 'To do']);
    const other = opened.page.locator('details[data-name="ml/gpu"]');
    await other.locator('summary').focus();
    await opened.page.keyboard.press('Enter');
    await other.getByText('To do').waitFor();
    expect(await findViolations(opened.page)).toEqual([]);
  });

  test('finding narrows the rows, and the address remembers it', async () => {
    await using opened = await open(small);
    await opened.page.fill('input[type=search]', 'dev-*/workers');
    // Not waitForFunction: it evaluates a text, which the page's policy refuses.
    await expect.poll(() => opened.page.locator('.pool').count()).toBe(2);
    expect(opened.page.url()).toContain('q=dev-');
    await opened.page.reload();
    expect(await opened.page.locator('.pool').count()).toBe(2);
  });

  test('many pools are rows of rules, opened 200 at a time', async () => {
    await using opened = await open(large);
    expect(await opened.page.evaluate<number>("document.querySelectorAll('*').length")).toBeLessThan(1000);
    const rule = opened.page.locator('details.rule', { hasText: '*/system' });
    await rule.locator('summary').first().click();
    await rule.locator('.pool').nth(119).waitFor({ state: 'attached' });
    expect(await rule.locator('.pool').count()).toBe(120);
  });

  test('what is under the pointer is told', async () => {
    await using opened = await open(small);
    const plot = opened.page.locator('details[data-name="dev-api/build"] .plot');
    const box = await plot.boundingBox();
    if (box) await opened.page.mouse.move(box.x + (box.width * 3.5) / 7, box.y + 10);
    expect(await opened.page.locator('.tip').textContent()).toBe('Wed 12:00 · 2 nodes planned');
  });

  test('without script everything is there', async () => {
    await using opened = await open(small, { javaScriptEnabled: false });
    const text = await opened.page.locator('main').innerText();
    for (const words of [
      'All 9 pools',
      'lamplighter resume "dev-api/workers"',
      'What it saves',
      'paused until Wed 08:15',
    ])
      expect(text).toContain(words);
    await opened.page.goto(`${small}/pool/r1/dev-api/workers`);
    expect(await opened.page.locator('main').innerText()).toContain('Forget the size set by hand');
  });

  test('as a file it asks for nothing, and finds by itself', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    const said: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    const answer = async (route: { fulfill: (with_: object) => Promise<void> }) =>
      route.fulfill({ contentType: 'text/html', body: file });
    await page.route('http://127.0.0.1:1/report.html', answer);
    await page.goto('http://127.0.0.1:1/report.html');
    await page.locator('details[data-name="dev-api/workers"] summary').click();
    expect(await page.getByText('Forget the size set by hand').isVisible()).toBe(true);
    await page.fill('input[type=search]', 'ml/*');
    await expect.poll(() => page.locator('.pool:not([hidden])').count()).toBe(2);
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual(['http://127.0.0.1:1/report.html']);
    expect(said).toEqual([]);
    await context.close();
  });
});
