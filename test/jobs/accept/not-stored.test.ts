import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/errors.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { makeMemoryStore } from '../../../lib/io/stores/memory-store.ts';
import type { AcceptParts } from '../../../lib/jobs/accept/accept-events.ts';
import { acceptBusEvent, acceptMessages } from '../../../lib/jobs/accept/accept-messages.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { makeSource, sources } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';
import { eventText, makeListenWorld, signedHeaders } from '../../io/listen/listen-world.ts';
import { faultyStore, type StoreCall } from '../../support/faulty-store.ts';

type Trouble = { isOver: boolean };

/** Whatever keeps an event from being stored, while webhook ids could well be remembered. */
const troubles: { readonly [name: string]: (call: StoreCall) => boolean } = {
  'leases cannot be written': (call) =>
    call.operation === 'commit' && call.writes.some(({ key }) => key.partition.startsWith('asks/')),
  'leases cannot be read': (call) => call.operation === 'read' && call.partition.startsWith('asks/'),
  'nothing can be written': (call) => call.operation === 'commit',
};

function aWorld(fails: (call: StoreCall) => boolean, trouble: Trouble, patch: Partial<AcceptParts> = {}) {
  const clock = { now: () => 0, sleep: async () => {} };
  const plain = makeMemoryStore({ newId: randomId });
  const decide = (call: StoreCall) => (!trouble.isOver && fails(call) ? ({ kind: 'refuse' } as const) : undefined);
  return makeListenWorld({ world: makeAcceptWorld({ ...patch, store: faultyStore(plain, { clock, decide }) }) });
}

async function post({ app }: ReturnType<typeof makeListenWorld>, body: string) {
  const response = await app.request('/events/ci', { method: 'POST', body, headers: signedHeaders(body) });
  return { status: response.status, answer: (await response.json()) as { readonly outcome?: string } };
}

describe('an event that was not stored is taken when it comes again', () => {
  test.each(Object.entries(troubles))('%s', async (_, fails) => {
    const trouble = { isOver: false };
    const world = aWorld(fails, trouble);
    expect((await post(world, eventText())).status).toBe(503);
    expect((await post(world, eventText())).status).toBe(503);
    trouble.isOver = true;
    expect(await post(world, eventText())).toMatchObject({ status: 200, answer: { outcome: 'stored' } });
    expect(await world.accept.live()).toHaveLength(1);
  });

  test('its id and its lease are one commit, which is done or not done', async () => {
    const commits: string[][] = [];
    const trouble = { isOver: false };
    const fails = (call: StoreCall) => {
      if (call.operation === 'commit') commits.push(call.writes.map(({ key }) => key.partition));
      return call.operation === 'commit';
    };
    const world = aWorld(fails, trouble);
    expect((await post(world, eventText())).status).toBe(503);
    expect(await world.accept.asks('r1')).toEqual([]);
    trouble.isOver = true;
    const seen: string[][] = [];
    const watched = aWorld(
      (call) => {
        if (call.operation === 'commit') seen.push(call.writes.map(({ key }) => key.partition));
        return false;
      },
      { isOver: false },
    );
    expect((await post(watched, eventText())).status).toBe(200);
    expect(seen).toEqual([['asks/r1', 'replays/ci']]);
    expect(await post(watched, eventText())).toEqual({ status: 200, answer: { replayed: true } });
    expect(commits.every((one) => one.includes('asks/r1'))).toBe(true);
  });

  test('many at once, whose ids fall into few records, are all stored and all remembered', async () => {
    const world = aWorld(() => false, { isOver: true });
    const bodies = Array.from({ length: 60 }, (_, n) => ({ body: eventText(n), id: `msg_${n}` }));
    const postAll = () =>
      Promise.all(
        bodies.map(async ({ body, id }) => {
          const headers = signedHeaders(body, { id });
          return (await world.app.request('/events/ci', { method: 'POST', body, headers })).json();
        }),
      );
    expect(await postAll()).toEqual(bodies.map(() => expect.objectContaining({ outcome: 'stored' })));
    expect(await postAll()).toEqual(bodies.map(() => ({ replayed: true })));
  });

  test('many at once that push out as many others stay within one commit, and all ids are remembered', async () => {
    const sizes: number[] = [];
    const fails = (call: StoreCall) => {
      if (call.operation === 'commit') sizes.push(call.writes.length);
      return false;
    };
    const world = aWorld(fails, { isOver: false });
    const over = { release: true, atLeast: undefined, for: undefined };
    const ended = Array.from({ length: 400 }, (_, n) => JSON.parse(eventText(`old-${n}`, over)) as object);
    await world.accept.send(sources.ci, ...ended);
    sizes.length = 0;
    const bodies = Array.from({ length: 120 }, (_, n) => ({ body: eventText(n, over), id: `msg_${n}` }));
    const postAll = () =>
      Promise.all(
        bodies.map(async ({ body, id }) => {
          const headers = signedHeaders(body, { id });
          return (await world.app.request('/events/ci', { method: 'POST', body, headers })).json();
        }),
      );
    expect(await postAll()).toEqual(bodies.map(() => expect.objectContaining({ outcome: 'stored' })));
    // 50 that come in, 50 that go out: DynamoDB takes 100 at once.
    expect(Math.max(...sizes)).toBe(100);
    expect(await postAll()).toEqual(bodies.map(() => ({ replayed: true })));
  });

  test('the fleet cannot be looked at', async () => {
    const trouble = { isOver: false };
    const isKnownPool = async () => {
      if (!trouble.isOver) throw new StoreError('down');
      return true;
    };
    const world = aWorld(() => false, trouble, { isKnownPool });
    expect((await post(world, eventText())).status).toBe(503);
    trouble.isOver = true;
    expect(await post(world, eventText())).toMatchObject({ status: 200, answer: { outcome: 'stored' } });
  });

  test('one of a batch', async () => {
    const trouble = { isOver: false };
    const twin = { pool: 'r2:twin/gpu' };
    const fails = (call: StoreCall) =>
      call.operation === 'commit' && call.writes.some(({ key }) => key.partition === 'asks/r2');
    const world = aWorld(fails, trouble);
    const batch = `[${eventText(1)},${eventText(2, twin)}]`;
    expect(await post(world, batch)).toMatchObject({ status: 503, answer: { outcome: 'failed' } });
    trouble.isOver = true;
    const again = await post(world, batch);
    expect(again).toMatchObject({
      status: 200,
      answer: { events: [{ kind: 'unchanged' }, { kind: 'stored' }] },
    });
    expect(await world.accept.asks('r2')).toHaveLength(1);
  });

  test('a batch whose own id could not be remembered', async () => {
    const trouble = { isOver: false };
    const fails = (call: StoreCall) =>
      call.operation === 'commit' && call.writes.some(({ key }) => key.partition.startsWith('replays/'));
    const world = aWorld(fails, trouble);
    const batch = `[${eventText(1)},${eventText(2)}]`;
    expect((await post(world, batch)).status).toBe(503);
    trouble.isOver = true;
    expect((await post(world, batch)).status).toBe(200);
    expect(await world.accept.live()).toHaveLength(2);
    expect(await post(world, batch)).toEqual({ status: 200, answer: { replayed: true } });
  });

  test('from a queue and from a bus', async () => {
    const trouble = { isOver: false };
    const { accept } = aWorld(troubles['leases cannot be written']!, trouble);
    const queue = [makeSource({ name: 'batch', queue: 'q' })];
    const message = [{ id: 'm1', queue: 'q', body: eventText() }];
    const bus = readSample('eventbridge-codepipeline.json');
    expect((await acceptMessages(accept.parts, queue, message)).failed).toEqual(['m1']);
    expect((await acceptBusEvent(accept.parts, [sources.pipeline], bus)).get('pipeline')?.kind).toBe('failed');
    trouble.isOver = true;
    expect((await acceptMessages(accept.parts, queue, message)).outcomes.get('m1')?.kind).toBe('stored');
    expect((await acceptBusEvent(accept.parts, [sources.pipeline], bus)).get('pipeline')?.kind).toBe('stored');
  });
});
