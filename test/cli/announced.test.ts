import { describe, expect, test } from 'vitest';
import { listHappenings } from '../../lib/cli/page/page-lists.ts';
import { makePage } from '../../lib/cli/page/page-model.ts';
import { fleetStatus } from '../../lib/cli/status/fleet-status.ts';
import { statusJson } from '../../lib/cli/status/status-json.ts';
import { statusText } from '../../lib/cli/status/status-text.ts';
import { explainPool } from '../../lib/decide/explain/explain-pool.ts';
import { makeRuleBook } from '../../lib/decide/scaling/rule-book.ts';
import { listTargets } from '../../lib/jobs/deliver/deliver-alerts.ts';
import { dropDelivery } from '../../lib/jobs/deliver/outbox-by-hand.ts';
import { putAsk, putLease } from '../../lib/jobs/records/ask-records.ts';
import { outboxId } from '../../lib/jobs/records/delivery-records.ts';
import {
  aChat,
  anAnnouncedNight,
  announceTo,
  announcing,
  deliveriesIn,
  saidOf,
  tick,
  ticks,
} from '../support/announced-night.ts';
import { type Night, onlyClusters, whileTimePasses } from '../support/night-app.ts';
import { aConfig, aLease, aMatch, aPause, at } from '../support/scaling-world.ts';
import { plainLook } from './cli-world.ts';

test.each([
  ['what goes down', announceTo, 'a scale-down is announced 30 min before, to dev-chat'],
  [
    'what comes up too',
    { ...announceTo, raises: true },
    'scale-downs and scale-ups are announced 30 min before, to dev-chat',
  ],
])('explain says who is told of %s', (_, announce, sentence) => {
  const config = aConfig({ rules: [announcing({ announce })] });
  const now = at('2026-03-02T12:00:00Z');
  const names = { region: 'r1', cluster: 'dev-api', pool: 'workers' };
  expect(explainPool(config, makeRuleBook(config, now), names, now).because).toContain(sentence);
});

const env = { CHAT_URL: 'https://hooks.slack.com/services/T/B/x' };
const day = '2026-03-02';

function anEvening(answer: () => Response, heard: (text: string) => void = () => {}): Night {
  const options = {
    env,
    through: (api: typeof fetch) => async (input: string | URL | Request, init?: RequestInit) => {
      const url = input instanceof Request ? input.url : String(input);
      if (!url.startsWith(env.CHAT_URL)) return api(input, init);
      heard(await new Request(input, init).text());
      return answer();
    },
  };
  return anAnnouncedNight(`${day}T18:05:00Z`, {}, options);
}

async function shown({ store, config, clock }: Night) {
  const status = await fleetStatus(store, config, clock.now());
  const page = await makePage(store, config, clock.now(), 'UTC');
  const { announced } = statusJson(status, config) as { announced: readonly { message: string }[] };
  return {
    text: /^(?:announced|not told).*$/m.exec(statusText(status, config, plainLook))?.[0],
    json: announced.map(({ message }) => message),
    page: listHappenings(page).map(({ announced: to }) => to)[0],
  };
}

const fine = () => new Response('ok', { headers: { 'content-type': 'text/plain' } });

test.each([
  ['took it', fine, 'announced 2 pools down by 5 nodes at', 'sent', 'dev-chat (told 18:25)'],
  [
    'refused it',
    () => new Response('invalid_blocks', { status: 400 }),
    'not told yet: 2 pools down by 5 nodes at .*; dev-chat refused the message',
    'refused',
    'dev-chat (refused the message)',
  ],
  [
    'is away',
    () => new Response('', { status: 503 }),
    'not told yet: .*; the message to dev-chat still waits in the outbox',
    'waiting',
    'dev-chat (waits in the outbox)',
  ],
])('status and page say so when the chat %s', async (_, answer, text, message, onPage) => {
  const night = anEvening(answer);
  await ticks(night, `${day}T18:20:00Z`);
  expect(await shown(night)).toEqual({ text: undefined, json: [], page: 'dev-chat (30 min before)' });
  await ticks(night, `${day}T18:30:00Z`);
  expect(await shown(night)).toMatchObject({ json: ['waiting'], page: 'dev-chat (waits in the outbox)' });
  for (let i = 0; i < 3; i += 1) {
    await whileTimePasses(night, night.app.deliver(night.config));
    await night.clock.advance(60_000);
  }
  expect(await shown(night)).toEqual({ text: expect.stringMatching(text), json: [message], page: onPage });
});

test('the page tells pools apart that are told elsewhere, or not at all', async () => {
  const rules = [
    announcing({ match: aMatch('dev-api/build'), announce: { ...announceTo, to: ['ops', 'gone'] }, hash: 'b' }),
    announcing({ match: aMatch('dev-api/*') }),
    announcing({ match: aMatch('ml/*'), mode: 'observe', hash: 'm' }),
  ];
  const destinations = [aChat('dev-chat'), aChat('ops'), aChat('gone', { retired: true })];
  const fleet = onlyClusters('dev-api', 'ml');
  const night = anAnnouncedNight(`${day}T18:05:00Z`, { rules, destinations }, { fleet });
  await ticks(night, `${day}T18:30:00Z`);
  const page = await makePage(night.store, night.config, night.clock.now(), 'UTC');
  expect(listHappenings(page).map(({ pools, announced }) => [pools, announced])[0]).toEqual([
    'dev-api/build, dev-api/workers',
    'dev-chat (waits in the outbox; 1 of 2 pools), ops (waits in the outbox; 1 of 2 pools)',
  ]);
});

test.each([
  ['was away', () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }))],
  ['asked to wait', () => new Response('', { status: 429, headers: { 'retry-after': '60' } })],
  ['was not tried', undefined],
] as const)('a chat that %s until the change hears no correction of it', async (_, refused) => {
  for (const askedAt of ['18:36', '18:58']) {
    const got: string[] = [];
    const answers = { now: (): Response | Promise<Response> => refused?.() ?? fine() };
    const night = anEvening(
      () => answers.now() as Response,
      (text) => got.push(text),
    );
    const deliver = () => whileTimePasses(night, night.app.deliver(night.config));
    await ticks(night, `${day}T18:35:00Z`);
    if (refused) await deliver();
    await night.clock.advance(at(`${day}T${askedAt}:00Z`) - night.clock.now());
    await putAsk(night.store, aPause(`${day}T${askedAt}:00Z`, `${day}T23:30:00Z`), 0);
    if (askedAt === '18:36') await tick(night);
    await night.clock.advance(at(`${day}T19:05:00Z`) - night.clock.now());
    got.length = 0;
    answers.now = fine;
    if (refused) await deliver();
    await ticks(night, `${day}T19:20:00Z`);
    await deliver();
    await deliver();
    expect(got.filter((text) => /(?:At|Changed, for) 19:00 UTC/.test(text))).toEqual([]);
  }
});

test.each([
  ['after it was told', ['At 19:00 UTC', 'Changed, for 19:00 UTC'], false],
  ['before it was told', [], false],
  ['before it was told, which was dropped', [], true],
  ['after it was told, and left alone since', ['At 19:00 UTC', 'Changed, for 19:00 UTC'], true],
] as const)('a chat that is retired %s gets what fits', async (_, heard, isBetween) => {
  const got: string[] = [];
  const night = anEvening(fine, (text) => got.push(text));
  const deliver = async () => {
    for (let i = 0; i < 3; i += 1) {
      await whileTimePasses(night, night.app.deliver(night.config));
      await night.clock.advance(60_000);
    }
  };
  await ticks(night, `${day}T18:30:00Z`);
  if (heard.length > 0) await deliver();
  night.config = { ...night.config, destinations: night.config.destinations.map((one) => ({ ...one, retired: true })) };
  if (isBetween) await deliver();
  await putAsk(night.store, aPause(`${day}T18:31:00Z`, `${day}T23:30:00Z`), 0);
  await tick(night);
  await deliver();
  expect(got.flatMap((text) => /(?:At|Changed, for) 19:00 UTC/.exec(text)?.[0] ?? [])).toEqual(heard);
});

describe('nobody hears that something is off of which they never heard, and who heard it does', () => {
  type Answer = (text: string) => Response | Promise<Response>;
  const away: Answer = () =>
    Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }));
  const toFirst =
    (status: number): Answer =>
    (text) =>
      text.includes('At 19:00 UTC, in') ? new Response('', { status }) : fine();
  const correction = 'Changed, for 19:00 UTC';

  /** An evening whose chat answers as `chat.answer` does; `got` is what it took, by how each begins. */
  function aChatEvening(answer: Answer) {
    const chat = { answer, got: [] as string[] };
    let last = '';
    const night = anEvening(
      () =>
        Promise.resolve(chat.answer(last)).then((response) => {
          if (response.ok) chat.got.push(...(/(?:At|Changed, for) 19:00 UTC(?=[,:] )/.exec(last) ?? []));
          return response;
        }) as unknown as Response,
      (text) => {
        last = text;
      },
    );
    const deliver = async (minutes = 3) => {
      for (let i = 0; i < minutes; i += 1) {
        await whileTimePasses(night, night.app.deliver(night.config));
        await night.clock.advance(60_000);
      }
    };
    const pauseAll = () => {
      const now = new Date(night.clock.now()).toISOString();
      return putAsk(night.store, aPause(now, `${day}T23:30:00Z`), 0);
    };
    const keepOne = () => {
      const now = new Date(night.clock.now()).toISOString();
      const match = aMatch('dev-api/workers');
      return putLease(night.store, aLease(3, now, `${day}T23:30:00Z`, { match }), night.clock.now());
    };
    return { night, chat, deliver, pauseAll, keepOne };
  }

  test.each([
    ['is refused', 'refuse', 'pauseAll', []],
    ['is dropped by hand', 'drop', 'pauseAll', []],
    ['is refused, but for what still goes down', 'refuse', 'keepOne', [correction]],
  ] as const)('the first %s while its correction waits', async (_, how, ask, told) => {
    const evening = aChatEvening(away);
    const { night, chat, deliver } = evening;
    await ticks(night, `${day}T18:30:00Z`);
    await deliver(1);
    await evening[ask]();
    await tick(night);
    expect(await saidOf(night)).toHaveLength(2);
    if (how === 'drop') {
      const [one] = await deliveriesIn(night.store);
      const parts = night.app.deliverParts(night.config);
      const [target] = await listTargets(parts);
      expect(await dropDelivery(parts, target!, outboxId(one!), 'ada')).toEqual({ kind: 'done' });
    }
    chat.answer = toFirst(400);
    await deliver(15);
    expect(chat.got).toEqual(told);
    expect(await deliveriesIn(night.store)).toEqual([]);
  });

  test('the first was refused, and what was new later is taken back too', async () => {
    const { night, chat, deliver, pauseAll, keepOne } = aChatEvening(toFirst(400));
    await ticks(night, `${day}T18:30:00Z`);
    await deliver(4);
    chat.answer = away;
    await keepOne();
    await tick(night);
    await deliver(1);
    await pauseAll();
    await tick(night);
    chat.answer = fine;
    await deliver(5);
    expect(chat.got).toEqual([correction, correction]);
  });

  test('the first may have been heard before it was refused', async () => {
    const { night, chat, deliver, pauseAll } = aChatEvening(toFirst(503));
    await ticks(night, `${day}T18:30:00Z`);
    await deliver(1);
    chat.answer = toFirst(400);
    await deliver(10);
    expect(await deliveriesIn(night.store)).toEqual([]);
    await pauseAll();
    await tick(night);
    await deliver(3);
    expect(chat.got).toEqual([correction]);
  });
});
