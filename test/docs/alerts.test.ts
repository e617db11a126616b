import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formats, incidentKinds, kindNames } from '../../lib/config/schema/destinations-events.ts';
import { renderExamples } from '../../scripts/generate-alert-docs.ts';
import { compileText } from '../config/compile-text.ts';

const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
const examples = new Map(
  [...page.matchAll(/<!-- example: ([\w-]+) -->\n\n```(json|text)\n([^]*?)\n```/g)].map(
    ([, name = '', language, text = '']) => [
      name,
      (language === 'json' ? JSON.parse(text) : { text }) as { readonly [key: string]: unknown },
    ],
  ),
);
const head = 'timezone: Europe/Berlin\nregions:\n  r1: { api: eumetsat-r1, token: { env: TOKEN } }\n';

test('the examples are what is sent (node scripts/generate-alert-docs.ts)', () => {
  expect(page).toBe(renderExamples(page));
});

test('every kind of destination and every format has an example', () => {
  const wanted = [...kindNames, ...formats.filter((format) => format !== 'json')];
  expect(wanted.filter((name) => !examples.has(name))).toEqual([]);
});

test('the table of the event names every key that the example has', () => {
  const data = examples.get('webhook')?.data as object;
  const rows = [...page.matchAll(/^\| (`(?:type|timestamp|data\.)[^|]*) \|/gm)].map(([, cell]) => cell).join(' ');
  const named = [...rows.matchAll(/`([\w.]+)`/g)].map(([, key]) => key);
  expect(
    Object.keys(data)
      .map((key) => `data.${key}`)
      .filter((key) => !named.includes(key)),
  ).toEqual([]);
  expect(named.filter((key) => key !== 'data.cut')).toHaveLength(Object.keys(data).length + 2);
});

test('every kind of incident and notice is explained once', () => {
  const explained = [...page.matchAll(/^\| ((?:`[\w.-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([\w.-]+)`/g)].map(([, kind]) => kind),
  );
  for (const kind of incidentKinds) expect([kind, explained.filter((one) => one === kind)]).toEqual([kind, [kind]]);
});

describe('each config on the page can be used', () => {
  const blocks = [...page.matchAll(/^```yaml config\n([^]*?)^```/gm)].map(([, text = '']) => text);
  test.each(blocks.map((text, n) => [n + 1, text] as const))('number %i', async (_, text) => {
    const { ok, problems } = await compileText(`${head}${text}`);
    expect([ok, problems]).toEqual([true, []]);
  });
});
