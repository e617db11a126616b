import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CliParts } from '../../lib/cli/parts.ts';
import { followingCalendars, makeRemoteCalendars } from '../../lib/cli/remote-calendars.ts';
import { makeConfigReader } from '../../lib/config/read-config.ts';
import { StoreError } from '../../lib/errors.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecret } from '../../lib/io/secrets/secret.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { makeVirtualClock } from '../support/virtual-clock.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

const canary = 'c4n4ryc4n4ryc4n4ry';
const address = `https://cal.example.org/ical/${canary}/basic.ics?sig=${canary}`;
const ics = (date: string) =>
  `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Party\r\nDTSTART;VALUE=DATE:${date}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
const hourMs = 3_600_000;

const config = usualConfig
  .replace('schedules:', 'calendars: { off: { ics: { env: CAL }, size: idle } }\nschedules:')
  .replace('    windows', '    calendar: off\n    windows');

/** Answers for the calendar's host; everything else goes to the simulated API. */
function aHost(world: CliWorld) {
  const host = { answer: async () => new Response(ics('20261224')), asked: 0 };
  const api = simulatorApp(world.world).fetch;
  const fetch: CliParts['fetch'] = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith('https://cal.example.org/')) return api(input, init);
    host.asked += 1;
    expect(url).toBe(address);
    return host.answer();
  };
  const env = { MKS_TOKEN: world.world.token, CAL: address };
  const runAt = (clock: CliParts['clock'], ...argv: readonly string[]) =>
    world.runWith({ fetch, env, clock }, ...argv, '--config', world.config);
  const run = (...argv: readonly string[]) => runAt(world.clock, ...argv);
  return { host, run, runAt };
}

test('rounds fetch it once an hour, and go on with the last good copy', async () => {
  using world = aCliWorld('2026-12-24T10:00:00Z', config);
  const { host, run } = aHost(world);
  const said: string[] = [];
  const round = async () => {
    const { code, out, err } = await run('run', '--once', '--json');
    said.push(out, err);
    return { code, out };
  };
  expect((await round()).code).toBe(0);
  await round();
  expect(host.asked).toBe(1);
  await world.clock.advance(hourMs);
  host.answer = async () => new Response(`gone ${address}`, { status: 503 });
  await round();
  expect(host.asked).toBe(2);
  const explained = await run('explain', 'dev-api/workers');
  expect(explained.out).toMatch(/calendar/u);
  const doctor = await run('doctor');
  expect(doctor.out).toMatch(
    /calendar off\n {2}! it cannot be fetched: it answered 503; the copy of 11:00 Europe\/Berlin is used/u,
  );
  await world.clock.advance(24 * hourMs);
  await round();
  await world.clock.advance(300_000);
  await round();
  const open = await run('incidents');
  expect(open.out).toContain(
    'The calendar off could not be fetched since 2026-12-24; the copy of that day is used: it answered 503',
  );
  host.answer = async () => new Response(ics('20261225'));
  for (let i = 0; i < 3; i += 1) {
    await world.clock.advance(11 * 60_000);
    await round();
  }
  expect((await run('incidents')).out).not.toContain('calendar off');
  const store = readFileSync(join(world.folder, 'lamplighter.db'), 'latin1');
  for (const text of [...said, explained.out, doctor.out, doctor.err, open.out, store])
    expect(text).not.toContain(canary);
  expect(store).not.toContain('Party');
});

test('an address that the config itself names is not shown, though its host repeats it', async () => {
  const plain = `https://cal.example.org/ical/${canary}/basic.ics`;
  using world = aCliWorld('2026-12-24T10:00:00Z', config.replace('{ env: CAL }', `"${plain}"`));
  const api = simulatorApp(world.world).fetch;
  const location = `https://${canary}.example.net/`;
  const fetch: CliParts['fetch'] = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return url === plain ? new Response(null, { status: 302, headers: { location } }) : api(input, init);
  };
  for (const command of ['plan', 'doctor']) {
    const { out, err } = await world.runWith({ fetch }, command, '--config', world.config);
    expect(`${out}${err}`).toContain('it redirects to another place (https://[redacted]');
    expect(`${out}${err}`).not.toContain(canary);
  }
});

test('a copy of a clock that ran ahead is not fresh until then', async () => {
  using world = aCliWorld('2026-12-24T10:00:00Z', config);
  const { host, run, runAt } = aHost(world);
  await runAt({ ...world.clock, now: () => world.clock.now() + 400 * 24 * hourMs }, 'run', '--once');
  expect(host.asked).toBe(1);
  await world.clock.advance(2 * hourMs);
  for (let i = 0; i < 2; i += 1) {
    await run('run', '--once');
    await world.clock.advance(hourMs + 1000);
  }
  expect(host.asked).toBeGreaterThanOrEqual(2);
});

test('a command without a copy fetches it, keeps nothing, and says when it cannot', async () => {
  using world = aCliWorld('2026-12-24T10:00:00Z', config);
  const { host, run } = aHost(world);
  expect((await run('plan')).out).toMatch(/dev-api/u);
  host.answer = async () => new Response('<html>', { status: 200 });
  const { code, err } = await run('plan');
  expect(code).toBe(0);
  expect(err).toContain(
    'The calendar off could not be fetched yet, so its days count as ordinary ones: the answer is not an iCalendar file',
  );
  expect((await run('check')).code).toBe(0);
  expect(host.asked).toBe(2);
  expect((await run('doctor')).out).toMatch(/it cannot be fetched: .*; there is no copy of it/u);
  host.answer = async () => new Response(ics('20261224'));
  expect((await run('doctor')).out).toMatch(/calendar off\n {2}✓ it can be fetched\n {2}. it ends on 2026-12-24/u);
});

test('each address has a copy of its own, in the store that the environment names', async () => {
  const two = config
    .replace('calendars: {', 'calendars: { b: { ics: { env: CAL_B }, size: idle },')
    .replace('schedules:', 'schedules:\n  other: { calendar: b, windows: [], otherwise: base }');
  using world = aCliWorld('2026-12-24T10:00:00Z', two);
  const asked: string[] = [];
  const api = simulatorApp(world.world).fetch;
  const fetch: CliParts['fetch'] = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith('https://cal.example.org/')) return api(input, init);
    asked.push(url);
    return new Response(ics(url === address ? '20261224' : '20261231'));
  };
  const other = join(world.folder, 'other.db');
  const env = {
    MKS_TOKEN: world.world.token,
    CAL: address,
    CAL_B: 'https://cal.example.org/b.ics',
    LAMPLIGHTER_STORE: other,
  };
  const run = (...argv: string[]) => world.runWith({ fetch, env }, ...argv, '--config', world.config);
  await run('run', '--once');
  await run('run', '--once');
  await run('status');
  expect(asked.toSorted()).toEqual(['https://cal.example.org/b.ics', address]);
  expect(readdirSync(world.folder)).not.toContain('lamplighter.db');
  const store = openSqliteStore({ path: other, newId: makeIds() });
  expect(await store.list('calendars')).toHaveLength(2);
  await store.close();
});

test('a process that is stopped waits for none', async () => {
  using world = aCliWorld('2026-12-24T10:00:00Z', config);
  const stop = new AbortController();
  let asked = 0;
  const api = simulatorApp(world.world).fetch;
  const fetch: CliParts['fetch'] = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith('https://cal.example.org/')) return Promise.resolve(api(input, init));
    asked += 1;
    return new Promise(() => undefined);
  };
  const env = { MKS_TOKEN: world.world.token, CAL: address };
  const running = world.runWith({ fetch, env, signal: stop.signal }, 'run', '--config', world.config);
  await expect.poll(() => asked).toBe(1);
  stop.abort();
  const late = new Promise((resolve) => setTimeout(resolve, 3000, 'late'));
  expect(await Promise.race([running.then(({ code }) => code), late])).toBe(0);
});

test('one that takes too long to unroll replaces no copy', async () => {
  using world = aCliWorld('2026-12-24T10:00:00Z', config);
  const { host, run } = aHost(world);
  host.answer = async () => new Response(ics('20261224').replace('END:VEVENT', 'RRULE:FREQ=SECONDLY\r\nEND:VEVENT'));
  expect((await run('plan')).err).toMatch(/it cannot be used: the event at its line 2 recurs too often/u);
});

describe('a process', () => {
  const folder = mkdtempSync('/tmp/lamplighter-calendars-');
  const aReader = async (store = makeMemoryStore({ newId: makeIds() }), signal = new AbortController().signal) => {
    const { writeFileSync } = await import('node:fs');
    const file = join(folder, 'lamplighter.yml');
    writeFileSync(file, config, { mode: 0o600 });
    const clock = makeVirtualClock(Date.parse('2026-11-23T12:00:00Z'));
    const host = {
      asked: 0,
      answer: async () => new Response(ics('20261224')),
      signal: undefined as AbortSignal | null | undefined,
    };
    const fetch: CliParts['fetch'] = async (input, init) => {
      host.asked += 1;
      host.signal = input instanceof Request ? input.signal : init?.signal;
      return host.answer();
    };
    const secrets = { read: async () => makeSecret(address), token: () => expect.fail() };
    const calendars = makeRemoteCalendars({ fetch, clock, secrets, redactor: makeRedactor(), signal }, store);
    const follow = followingCalendars(makeConfigReader(file, { readCalendar: calendars.read }), calendars);
    const read = async () => {
      const reading = await follow(clock.now());
      expect(reading.ok).toBe(true);
      return { ...reading, days: reading.config?.schedules[0]?.calendarDays.map(({ date }) => date) };
    };
    return { read, clock, host, store };
  };

  test('has it before its first round', async () => {
    const { read, host } = await aReader();
    expect(await read()).toMatchObject({ days: ['2026-12-24'], changed: true });
    expect(await read()).toMatchObject({ days: ['2026-12-24'], changed: false });
    expect(host.asked).toBe(1);
  });

  test('waits for none that it has a copy of, and takes a new one up', async () => {
    const { read, clock, host } = await aReader();
    await read();
    await clock.advance(hourMs);
    const { promise, resolve } = Promise.withResolvers<Response>();
    host.answer = () => promise;
    expect(await read()).toMatchObject({ days: ['2026-12-24'], changed: false });
    resolve(new Response(ics('20261231')));
    await expect.poll(async () => (await read()).days).toEqual(['2026-12-31']);
    expect(host.asked).toBe(2);
  });

  test('gives up what is on its way when the process ends', async () => {
    const ending = new AbortController();
    const { read, host } = await aReader(undefined, ending.signal);
    host.answer = () => new Promise(() => undefined);
    const first = read();
    await expect.poll(() => host.asked).toBe(1);
    ending.abort();
    expect(await first).toMatchObject({ days: [] });
    expect(host.signal?.aborted).toBe(true);
  });

  test('is the same config when only the stamp of the download is new', async () => {
    const { read, clock, host } = await aReader();
    const first = await read();
    await clock.advance(hourMs);
    host.answer = async () => new Response(ics('20261224').replace('SUMMARY:Party', 'DTSTAMP:20261123T120000Z'));
    await read();
    await expect.poll(() => host.asked).toBe(2);
    const again = await read();
    expect([again.config?.hash, again.changed]).toEqual([first.config?.hash, false]);
  });

  test('leaves a host that fails alone for ten minutes', async () => {
    const { read, clock, host } = await aReader();
    host.answer = async () => new Response(null, { status: 500 });
    expect(await read()).toMatchObject({ days: [], config: { remoteCalendars: [{ problem: 'it answered 500' }] } });
    await read();
    expect(host.asked).toBe(1);
    await clock.advance(10 * 60_000);
    host.answer = async () => new Response(ics('20261224'));
    expect(await read()).toMatchObject({ days: ['2026-12-24'] });
    expect(host.asked).toBe(2);
  });

  test.each(['{"schema":1,"at":1,"text":"damaged"}', '7'])(
    'fetches anew where its copy is damaged: %s',
    async (value) => {
      const { read, host, store } = await aReader();
      await read();
      const [record] = await store.list('calendars');
      const write = {
        kind: 'putIfVersion',
        key: record!.key,
        version: record!.version,
        value: JSON.parse(value),
      } as const;
      await store.commit([write]);
      const later = await aReader(store);
      expect(await later.read()).toMatchObject({ days: ['2026-12-24'] });
      expect([host.asked, later.host.asked]).toEqual([1, 1]);
    },
  );

  test('goes on with what it has while the store cannot be reached', async () => {
    const store = makeMemoryStore({ newId: makeIds() });
    let isAway = false;
    const away = async () => Promise.reject(new StoreError('Reading failed: the store is away'));
    const flaky: typeof store = {
      ...store,
      read: async (key) => (isAway ? away() : store.read(key)),
      commit: async (writes) => (isAway ? away() : store.commit(writes)),
    };
    const { read, clock } = await aReader(flaky);
    await read();
    isAway = true;
    expect(await read()).toMatchObject({ days: ['2026-12-24'], changed: false });
    await clock.advance(hourMs);
    expect(await read()).toMatchObject({ days: ['2026-12-24'], changed: false });
    const fresh = await aReader(flaky);
    expect(await fresh.read()).toMatchObject({ days: [] });
  });

  test('has the copy of the one before it, though the host is away', async () => {
    const { read, store } = await aReader();
    await read();
    const later = await aReader(store);
    later.host.answer = async () => Promise.reject(new Error('no'));
    expect(await later.read()).toMatchObject({ days: ['2026-12-24'] });
    rmSync(folder, { recursive: true });
  });
});

function makeIds(): () => string {
  let ids = 0;
  return () => `id-${(ids += 1)}`;
}
