import { makeListenApp } from '../../../lib/io/listen/routes.ts';
import { makeQuota } from '../../../lib/io/quota.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { withSignedLinks } from '../../../lib/io/signing.ts';
import { makeReplays } from '../../../lib/jobs/accept/replays.ts';
import { listAsks, releaseLease } from '../../../lib/jobs/records/ask-records.ts';
import { anAnnouncedNight, deliveriesIn, ticks } from '../../support/announced-night.ts';
import { hour } from '../../support/scaling-world.ts';

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/** What goes wrong with the links of one evening: what is kept that nobody asked for by a right POST. */
export async function probeLinks(): Promise<readonly string[]> {
  const links = {
    url: 'https://lamp.example.org',
    secrets: [{ kind: 'env', name: 'LINKS' }],
    mostMs: 14 * hour,
    choices: [{ kind: 'for', ms: 2 * hour }],
  } as const;
  const night = anAnnouncedNight('2026-03-02T18:05:00Z', { links }, { env: { LINKS: secret } });
  await ticks(night, '2026-03-02T18:31:00Z');
  const [delivery] = await deliveriesIn(night.store);
  const body = JSON.stringify(delivery?.facts.links);
  const path = /\/keep\/[\w.-]+/u.exec(withSignedLinks(body, makeSecret(secret)))?.[0] ?? '/keep/none';
  const { clock, store } = night;
  const quota = makeQuota(clock);
  const app = makeListenApp({
    clock,
    sources: () => [],
    secretsOf: async () => [],
    accept: async () => [],
    replays: makeReplays(night),
    quota,
    takesUnsigned: false,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
    keepPage: night.app.keepPage(
      () => night.config,
      () => undefined,
      quota,
    ),
  });
  const post = (to: string) => app.request(to, { method: 'POST', body: 'keep=yes' });
  const live = async () => (await listAsks(store, 'r1')).flatMap((ask) => (ask.kind === 'lease' ? [ask] : []));
  const wrong: string[] = [];
  await app.request(path);
  if ((await live()).length > 0) wrong.push('a GET kept');
  for (const lease of await live()) await releaseLease(store, lease, 'the probe', clock.now());
  const before = (await listAsks(store, 'r1')).length;
  await post(`${path.slice(0, -43)}${'A'.repeat(43)}`);
  if ((await live()).length > 0) wrong.push('an altered link kept');
  if (before === 0 && wrong.length === 0) {
    await post(path);
    if ((await live()).length === 0) wrong.push('a right POST kept nothing');
    for (const lease of await live()) await releaseLease(store, lease, 'the probe', clock.now());
    await clock.advance(1000);
    await post(path);
    if ((await live()).length > 0) wrong.push('a replay revived what was released');
  }
  return wrong;
}
