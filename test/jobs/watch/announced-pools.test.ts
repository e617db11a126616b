import { expect, test } from 'vitest';
import { readKeepLink } from '../../../lib/decide/announcing/keep-link.ts';
import { makeWindow } from '../../../lib/decide/schedule/window.ts';
import type { Fetch } from '../../../lib/io/http/exchange.ts';
import { makeQuota } from '../../../lib/io/quota.ts';
import { listAsks } from '../../../lib/jobs/records/ask-records.ts';
import type { CompiledConfig, Match, Rule } from '../../../lib/model/config.ts';
import { anAnnouncedNight, announcing, deliveriesIn, saidOf, ticks } from '../../support/announced-night.ts';
import type { Night } from '../../support/night-app.ts';
import { aMatch, at, hour, officeHours } from '../../support/scaling-world.ts';

const day = '2026-03-02';

/** Of the pools of dev-api, those called "build" have the label. */
function labelled(api: Fetch): Fetch {
  return async (input, init) => {
    const response = await api(input, init);
    const text = await response.text();
    const said = text.includes('"name":"build"')
      ? text.replaceAll(/\{[^{}]*"name":"build".*?"labels":\[/g, '$&{"key":"team","value":"data"}')
      : text;
    return new Response(said, { status: response.status, headers: response.headers });
  };
}

const ofData: Match = { ...aMatch('dev-api/*'), labels: { team: 'data' }, labelText: 'team: data' };

const links: NonNullable<CompiledConfig['links']> = {
  url: 'https://lamp.example.org',
  secrets: [{ kind: 'env', name: 'LINKS' }],
  mostMs: 14 * hour,
  choices: [{ kind: 'for', ms: 2 * hour }, { kind: 'night' }],
};

async function anEvening(rules: readonly Rule[], patch: Partial<CompiledConfig> = {}): Promise<Night> {
  const night = anAnnouncedNight(`${day}T18:10:00Z`, { rules, ...patch }, { through: labelled });
  await ticks(night, `${day}T18:40:00Z`);
  return night;
}

const { announce: _, ...quiet } = announcing({ hash: 'all' });

test('pools chosen by a label are announced', async () => {
  const night = await anEvening([announcing({ match: ofData, hash: 'data' }), quiet]);
  expect(await saidOf(night)).toEqual([
    '18:25 At 19:00 UTC, in 35 minutes: 1 pool goes down by 2 nodes (dev-api/build 2 → 0)',
  ]);
});

test('a rule for labels above takes none of the others', async () => {
  const night = await anEvening([{ ...quiet, match: ofData, hash: 'data' }, announcing({ hash: 'all' })]);
  expect(await saidOf(night)).toEqual([
    '18:25 At 19:00 UTC, in 35 minutes: 1 pool goes down by 3 nodes (dev-api/workers 3 → 0)',
  ]);
});

test('what to type names them, not all that match', async () => {
  const rules = [
    announcing({ match: { ...ofData, ...aMatch('dev-*/*'), labels: { team: 'data' } }, hash: 'data' }),
    announcing({ hash: 'all' }),
  ];
  const [delivery] = await deliveriesIn((await anEvening(rules)).store);
  expect(delivery?.facts.fix).toContain('pause "dev-api/build" --until');
});

test('their links keep them, all night too', async () => {
  const night = await anEvening([announcing({ match: ofData, hash: 'data' })], { links });
  const [delivery] = await deliveriesIn(night.store);
  const offered = delivery?.facts.links ?? [];
  expect(offered.map(({ label }) => label)).toEqual(['2 hours more', 'All night']);
  const path = new URL(offered[0]?.url ?? '').pathname.replace('/keep/', '');
  const link = readKeepLink(path.slice(0, path.lastIndexOf('.')));
  if (link === undefined) throw new Error('no link');
  const quota = makeQuota(night.clock, { burst: 40, perSecond: 1 });
  const page = night.app.keepPage(
    () => night.config,
    () => {},
    quota,
  );
  expect(await page.look(link)).toMatchObject({ kind: 'open', pools: [{ pool: 'build', atLeast: 2 }] });
  await page.keep(link);
  expect((await listAsks(night.store, 'r1')).filter(({ kind }) => kind === 'lease')).toMatchObject([{ atLeast: 2 }]);
});

test('a shorter link after a longer one says how long they really stay', async () => {
  const night = await anEvening([announcing()], { links });
  const [delivery] = await deliveriesIn(night.store);
  const quota = makeQuota(night.clock, { burst: 40, perSecond: 1 });
  const page = night.app.keepPage(
    () => night.config,
    () => {},
    quota,
  );
  const [short, long] = (delivery?.facts.links ?? []).map(({ url }) =>
    readKeepLink(url.slice(url.lastIndexOf('/') + 1, url.lastIndexOf('.'))),
  );
  if (short === undefined || long === undefined) throw new Error('no links');
  await page.keep(long);
  const until = at('2026-03-03T07:00:00Z');
  const note = 'already kept longer';
  expect(await page.keep(short)).toMatchObject({
    pools: [
      { until, note },
      { until, note },
    ],
  });
  expect(await page.look(short)).toMatchObject({ pools: [{ until: short.until }, { until: short.until }] });
});

test('all night is until the schedule leaves them alone, where it raises nothing', async () => {
  const window = makeWindow({ from: '19:00', to: '07:00' }, 'idle');
  if ('problem' in window) throw new Error(window.problem);
  const stopOnly = { ...officeHours, windows: [window], otherwise: 'leave' as const };
  const night = await anEvening([announcing()], { links, schedules: [stopOnly] });
  const [delivery] = await deliveriesIn(night.store);
  const offered = delivery?.facts.links ?? [];
  const ends = offered.map(({ url }) => readKeepLink(url.slice(url.lastIndexOf('/') + 1, url.lastIndexOf('.')))?.until);
  expect(ends).toEqual([at(`${day}T21:00:00Z`), at('2026-03-03T07:00:00Z')]);
});
