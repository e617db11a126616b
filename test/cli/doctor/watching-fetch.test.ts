import { expect, test } from 'vitest';
import { watchFetch } from '../../../lib/cli/doctor/watching-fetch.ts';
import { makeIdleClock } from '../../support/idle-clock.ts';

const clock = makeIdleClock(Date.UTC(2026, 10, 23));
const asked = 'http://127.0.0.1/api/v1/cluster/c1?extraFields=errors';

test.each([
  ['{"id":"c1","errors":[]}', asked, true],
  ['{"id":"c1"}', asked, false],
  ['no JSON', asked, undefined],
  ['{"id":"c1","errors":[]}', 'http://127.0.0.1/api/v1/cluster/c1', undefined],
])('%s to %s', async (body, url, had) => {
  const watching = watchFetch(async () => new Response(body), clock);
  const response = await watching.fetch(url);
  expect(await response.text()).toBe(body);
  expect(await watching.hadErrors()).toBe(had);
});

test('the network’s own code is kept, its error passed on as it is', async () => {
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) });
  const watching = watchFetch(() => Promise.reject(error), clock);
  await expect(watching.fetch(asked)).rejects.toBe(error);
  expect(watching.failureCode()).toBe('ENOTFOUND');
});
