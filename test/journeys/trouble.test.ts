import { expect, test } from 'vitest';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { anAlertNight } from '../support/alert-night.ts';
import { makeFolder, runCommand, startCli, until } from './journey.ts';

test('trouble that is played becomes an alert, and its end is told', async () => {
  const night = await anAlertNight();
  const { fetch } = simulatorApp(night.world);
  const play = async (body: string) => (await fetch('http://127.0.0.1/trouble', { method: 'POST', body })).status;
  const told = (kind: string) =>
    night.receivers.slack.posts
      .filter(({ text }) => text.includes(kind))
      .map(({ text }) => /CRITICAL|WARNING|Resolved/.exec(text)?.[0]);
  await night.ticks(2);
  expect(await play('cluster-error:dev-1@5m-30m')).toBe(200);
  await night.ticks(5);
  expect(told('cluster.error')).toEqual(['CRITICAL']);
  await night.ticks(6);
  expect(told('cluster.error')).toEqual(['CRITICAL', 'Resolved']);
  expect(await play('401')).toBe(200);
  await night.ticks(5);
  expect(told('api.refused')).toHaveLength(1);
});

test('the command plays trouble from the start, and while it runs', async () => {
  using folder = makeFolder();
  const wrong = await runCommand(['simulator', '--port', '0', '--trouble', 'cluster-error:prod-wbe'], folder.path, {});
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('did you mean "prod-web"?')]);
  const running = startCli(
    ['simulator', '--port', '0', '--token', 't', '--trouble', 'cluster-error:prod-web'],
    folder.path,
    {},
  );
  const url = await until('the banner', () => /API +(http:\S+?)\/api\/v1/.exec(running.output())?.[1]);
  const look = async () => {
    const answer = await fetch(`${url}/api/v1/cluster`, { headers: { authorization: 'Token t' } });
    const { items } = (await answer.json()) as { items?: { name: string; status: string }[] };
    return [answer.status, items?.filter(({ status }) => status === 'Error').map(({ name }) => name)];
  };
  expect(await look()).toEqual([200, ['prod-web']]);
  expect((await fetch(`${url}/trouble`, { method: 'POST', body: '429' })).status).toBe(200);
  expect(await look()).toEqual([429, undefined]);
  expect((await fetch(`${url}/trouble`, { method: 'DELETE' })).status).toBe(200);
  expect(await look()).toEqual([200, []]);
  running.child.kill('SIGTERM');
  await running.ended;
});
