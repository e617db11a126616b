import { beforeAll, describe, expect, test } from 'vitest';
import { type App, makeApp } from '../lib/app.ts';
import { silentLog } from '../lib/io/log.ts';
import { makeQuota } from '../lib/io/quota.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import { makeSecret } from '../lib/io/secrets/secret.ts';
import { makeSecrets } from '../lib/io/secrets/secrets.ts';
import { listIncidents } from '../lib/jobs/records/incident-records.ts';
import type { CompiledConfig, SecretRef } from '../lib/model/config.ts';
import { simulatorApp } from '../lib/simulator/simulator-app.ts';
import { aNight, type Night } from './support/night-app.ts';
import { aConfig, aMatch, aRule, at, minute } from './support/scaling-world.ts';

const noon = at('2026-03-02T12:00:00Z');
const region = aConfig().regions[0]!;
const rules = [aRule({ match: aMatch('dev-api/workers') })];

// The first import of a job takes longer than any virtual clock waits.
beforeAll(async () => {
  const { app, config } = aNight(noon, {});
  await Promise.all([app.scale(config), app.watch(config)]);
});

/** The same app with other secrets or another log, and every address that it calls. */
function anApp(night: Night, patch: Partial<App['parts']> = {}) {
  const called: { readonly host: string; readonly auth: string | null }[] = [];
  const api = simulatorApp(night.world).fetch;
  const app = makeApp({
    ...night.app.parts,
    ...patch,
    fetch: (input, init) => {
      const request = new Request(input, init);
      called.push({ host: new URL(request.url).host, auth: request.headers.get('authorization') });
      return api(input, init);
    },
  });
  return { app, called };
}

describe('an app', () => {
  test('follows a region whose address or token is another one in the config', async () => {
    const night = aNight(noon, { rules }, { env: { NEXT: 'next-token' } });
    const { app, called } = anApp(night);
    await app.scale(night.config);
    const hosts = (some: typeof called) => new Set(some.map(({ host }) => host));
    expect(hosts(called)).toEqual(new Set(['127.0.0.1']));
    const before = called.length;
    const moved = { ...region, url: 'http://127.0.0.2/api/v1' };
    await app.scale({ ...night.config, regions: [moved] });
    expect(hosts(called.slice(before))).toEqual(new Set(['127.0.0.2']));
    const old = called.at(-1)?.auth;
    await app.scale({ ...night.config, regions: [{ ...moved, token: { kind: 'env', name: 'NEXT' } }] });
    expect(called.at(-1)?.auth).not.toBe(old);
  });

  test('asks each region’s own token whether it is the one before', async () => {
    const regions = [region, { ...region, name: 'r2', token: { kind: 'env', name: 'TOKEN2' } as const }];
    const night = aNight(noon, { regions }, {});
    const { secrets } = night.app.parts;
    const token = (ref: SecretRef) => {
      const isPrevious = () => 'name' in ref && ref.name === 'TOKEN2';
      return { ...secrets.token({ kind: 'env', name: 'TOKEN' }), isPrevious };
    };
    const { app } = anApp(night, { secrets: { ...secrets, token } });
    for (let i = 0; i < 5; i += 1) {
      await app.watch(night.config);
      await night.clock.advance(5 * minute);
    }
    const told = (await listIncidents(night.store)).filter(({ record }) => record.kind === 'token.previous');
    expect(told.map(({ record }) => record.subject)).toEqual([{ kind: 'secret', reference: 'env TOKEN2' }]);
  });

  test.each([
    ['what the secret says', ', "expires": "2026-03-12"', '2026-03-12'],
    ['what the config says, where the secret says nothing', '', '2026-03-05'],
  ])('takes as a token’s end %s', async (_, said, date) => {
    const regions = [
      { ...region, token: { kind: 'env', name: 'DATED', expires: at('2026-03-05T00:00:00Z') } as const },
    ];
    const night = aNight(noon, { regions });
    const env = { DATED: `{ "token": "${night.world.token}"${said} }` };
    const aws = { read: async () => undefined };
    const { app } = anApp(night, { secrets: makeSecrets({ ...night.app.parts, env, aws }) });
    for (let i = 0; i < 2; i += 1) {
      await app.watch({ ...night.config, regions });
      await night.clock.advance(5 * minute);
    }
    const ends = (await listIncidents(night.store)).filter(({ record }) => record.kind === 'token.expiry');
    expect(ends.map(({ record }) => record.facts?.['date'])).toEqual([date]);
  });

  test('asks for no cluster in a watch whose time is over', async () => {
    const night = aNight(noon, { rules });
    await night.app.watch(night.config, undefined, () => 0);
    expect(night.world.requests.map(({ path }) => path)).toEqual(['/api/v1/cluster']);
    await night.app.watch(night.config);
    expect(night.world.requests.length).toBeGreaterThan(2);
  });
});

describe('the page of links', () => {
  const pageOf = (patch: Partial<CompiledConfig>) => {
    const redactor = makeRedactor();
    const night = aNight(noon, patch);
    const { app } = anApp(night, { redactor, log: silentLog });
    const page = app.keepPage(
      () => night.config,
      () => undefined,
      makeQuota(night.clock),
    );
    return { page, redactor };
  };

  test('is in the zone of the config, else in UTC', () => {
    expect(pageOf({ zone: 'Asia/Tokyo' }).page.zone()).toBe('Asia/Tokyo');
    expect(pageOf({}).page.zone()).toBe('UTC');
  });

  test('names regions from the second on', () => {
    expect(pageOf({ regions: [region] }).page.hasSeveralRegions()).toBe(false);
    expect(pageOf({ regions: [region, { ...region, name: 'r2' }] }).page.hasSeveralRegions()).toBe(true);
  });

  test('shows no secret', () => {
    const { page, redactor } = pageOf({});
    redactor.know(makeSecret('c0ffee-c0ffee-c0ffee'));
    expect(page.clean('by c0ffee-c0ffee-c0ffee')).not.toContain('c0ffee');
  });
});
