import { describe, expect, test } from 'vitest';
import type { Problem } from '../../lib/config/problem.ts';
import { compiled, head, problemsOf } from './compile-text.ts';

const told = (problems: readonly Problem[]) =>
  problems.flatMap(({ severity, path, message }) => (severity === 'error' ? [`${path}: ${message}`] : []));

/** A name may end with a dot (RFC 1034, 3.1); it is the same host. */
describe('a host that ends with a dot is the one without', () => {
  test('in the API of a region', async () => {
    const { regions } = await compiled(head.replace('eumetsat-r1', 'https://Managed-Kubernetes.creodias.eu./'));
    expect(regions).toMatchObject([{ url: 'https://managed-kubernetes.creodias.eu/api/v1', mksRegion: 'WAW4-1' }]);
    const local = await compiled(head.replace('eumetsat-r1', 'http://localhost.:8090'));
    expect(local.regions).toMatchObject([{ url: 'http://localhost:8090/api/v1' }]);
  });

  test('in destinations and links', async () => {
    const config = await compiled(`${head}destinations:
  hook: { kind: webhook, url: "https://hook.example.:8443/a.b./c?d=e." }
  mail: { kind: email, url: "smtps://mail.example.org.:465", from: a@example.org, to: b@example.org }
links: { url: "https://lamp.example.org./", secret: { env: LINKS } }
`);
    const urls = config.destinations.map(({ url }) => url);
    expect(urls).toEqual([
      { kind: 'plain', url: 'https://hook.example:8443/a.b./c?d=e.' },
      { kind: 'plain', url: 'smtps://mail.example.org:465' },
    ]);
    expect(config.links).toMatchObject({ url: 'https://lamp.example.org' });
  });

  test('for two regions with one API', async () => {
    const twin = '  r2: { api: "https://mks.r1.cloud.eumetsat.int./", token: { env: TOKEN } }\nschedules:';
    expect(await problemsOf(head.replace('schedules:', twin))).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('have the same API') },
    ]);
  });
});

test.each(['https://api..example.org', 'https://.example.org', 'https://api.example.org../x', 'https://./x'])(
  'a host with an empty part is none: %s',
  async (url) => {
    const asApi = await problemsOf(head.replace('eumetsat-r1', `"${url}"`));
    expect(told(asApi)).toEqual(['regions.r1.api: not the URL of an API']);
    const asHook = await problemsOf(`${head}destinations: { hook: { kind: webhook, url: "${url}" } }\n`);
    expect(told(asHook)).toEqual(['destinations.hook.url: not an http(s) address without user and password']);
  },
);
