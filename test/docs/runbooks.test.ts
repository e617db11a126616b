import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { incidentKinds, kindNames } from '../../lib/config/schema/destinations-events.ts';
import type { Delivery, DeliveryFacts } from '../../lib/decide/incidents/delivery.ts';
import { render } from '../../lib/decide/messages/render.ts';
import { targetOf } from '../../lib/decide/messages/targets.ts';
import { compileText } from '../config/compile-text.ts';

const page = readFileSync('docs/runbooks.md', 'utf8');
const notices = readFileSync('lib/model/finding.ts', 'utf8').match(/NoticeKind =([^;]*);/)?.[1] ?? '';
const kinds = incidentKinds.filter((kind) => !notices.includes(`'${kind}'`));

describe('runbooks', () => {
  test('every kind of incident has one anchor, and one heading', () => {
    expect(kinds.length).toBeGreaterThan(20);
    const anchors = [...page.matchAll(/^<a id="([\w.-]+)"><\/a>$/gm)].map(([, id]) => id ?? '');
    const headings = [...page.matchAll(/^## (\S+)$/gm)].map(([, id]) => id ?? '');
    expect([...anchors].toSorted()).toEqual([...kinds].toSorted());
    expect(headings).toEqual(anchors);
  });

  test.each([...kinds])('%s says what to look at and what to do', (kind) => {
    const part = page.slice(page.indexOf(`<a id="${kind}">`)).split('\n<a id=')[0] ?? '';
    expect(part).toMatch(/\*\*Look\.\*\*\n\n- [^]*\*\*Do\.\*\* ./);
    expect(page).toContain(`[\`${kind}\`](#${kind})`);
  });
});

const facts = (what: DeliveryFacts['what']): DeliveryFacts => ({
  what,
  kind: 'pool.late',
  subject: { kind: 'pool', region: 'r1', clusterId: 'c', poolId: 'p', cluster: 'dev', pool: 'a' },
  severity: 'warning',
  worst: 'warning',
  text: 'dev/a is late',
  fix: undefined,
  did: undefined,
  cause: what === 'resolve' ? 'recovered' : undefined,
  since: 0,
  until: what === 'resolve' ? 60_000 : undefined,
  at: 60_000,
  facts: {},
});
const delivery = (what: DeliveryFacts['what']) =>
  ({
    schema: 1,
    id: 'i',
    destination: 'd',
    key: 'k',
    episode: 0,
    sequence: 1,
    facts: facts(what),
    queuedAt: 0,
    attempts: 0,
  }) as unknown as Delivery;
const link = 'https://wiki.test/books#pool.late';

describe('every alert links to its runbook', () => {
  test.each([...kindNames].filter((kind) => typeof targetOf(kind).render === 'object' || kind !== 'alertmanager'))(
    'as %s has it',
    (kind) => {
      const reader = { name: 'ops', kind, format: 'json', zone: 'UTC', runbooks: 'https://wiki.test/books' } as const;
      const plain = (text: string) => text.replaceAll('\\', '').replaceAll('\u200b', '');
      for (const what of ['open', 'reminder', 'update'] as const)
        expect(plain(render(delivery(what), reader))).toContain(link);
      expect(plain(render(delivery('resolve'), reader))).not.toContain(link);
    },
  );

  test.each([
    ['', 'docs/runbooks.md'],
    ['runbooks: https://wiki.example.org/l\n', 'https://wiki.example.org/l'],
  ])('as the config says: %j', async (line, runbooks) => {
    const text = `timezone: UTC\nregions: { r1: { api: eumetsat-r1, token: { env: T } } }\n${line}destinations: { a: { kind: slack, url: { env: U } } }\n`;
    const compiled = await compileText(text);
    expect(compiled.problems).toEqual([]);
    expect(compiled.ok ? compiled.config.destinations[0]?.runbooks : undefined).toBe(runbooks);
  });

  test.each(['http://wiki.test/', 'wiki', 'https://a#b', 'https://a b', 'javascript:alert(1)'])(
    '%s is refused',
    async (address) => {
      const text = `timezone: UTC\nregions: { r1: { api: eumetsat-r1, token: { env: T } } }\nrunbooks: "${address}"\n`;
      const { problems } = await compileText(text);
      expect(problems.map(({ path }) => path)).toEqual(['runbooks']);
    },
  );
});

test('links to files lead somewhere', () => {
  const pages = ['.', 'docs', 'docs/adr'].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith('.md') ? [join(folder, name)] : [])),
  );
  const dead = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)#\s]+)(?:#[^)\s]*)?\)/g)].flatMap(([link, path = '']) =>
      existsSync(join(dirname(page), path)) ? [] : [`${page}: ${link}`],
    ),
  );
  expect(dead).toEqual([]);
});

test('links between pages lead somewhere', () => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
  const anchorsOf = (name: string) => {
    const text = readFileSync(`docs/${name}`, 'utf8');
    const headings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => slug(heading));
    return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id)]);
  };
  const dead = pages.flatMap((name) =>
    [...readFileSync(`docs/${name}`, 'utf8').matchAll(/\]\((?:([\w.-]+\.md))?#([\w.-]+)\)/g)].flatMap(
      ([link, target = name, anchor = '']) =>
        pages.includes(target) && anchorsOf(target).has(anchor) ? [] : [`${name}: ${link}`],
    ),
  );
  expect(dead).toEqual([]);
});
