import { expect } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { aCliNight, type CliNight, type CliNightOptions } from '../../support/cli-night.ts';
import { at } from '../../support/scaling-world.ts';

const rules = '[{ match: "dev-*/*", schedule: office, base: remembered, idle: 0, limits: { min: 0 } }]';
export const configOf = (more = '', pools = rules, api = 'http://127.0.0.1:9') => `
timezone: UTC
regions: { r1: { api: "${api}/api/v1", token: { env: TOKEN, expires: 2027-03-01 } } }
schedules: { office: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle } }
pools: ${pools}
${more}`;

export const start = at('2026-11-23T12:00:00Z');

/** A fleet that a doctor looks at. */
export const aPatient = (options: Partial<CliNightOptions> = {}) =>
  aCliNight({ start, config: configOf(), ...options });

/** The same over real HTTP, with a token that must not be seen anywhere. */
export const aCloudPatient = (api: string, env = {}) =>
  aPatient({
    config: configOf('', rules, api).replace('token:', 'allowHost: true, token:'),
    cliClock: systemClock,
    fetch: (input, init) => fetch(input, init),
    env: { TOKEN: 'canary-token-4711', ...env },
  });

export type Told = {
  readonly status: string;
  readonly id: string;
  readonly about: string;
  readonly text: string;
  readonly fix: string | null;
};

export async function examined(night: CliNight, ...more: string[]): Promise<{ code: number; checks: readonly Told[] }> {
  const { code, stdout } = await night.run('doctor', '--json', ...more);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Told[] };
  expect(ok).toBe(code === 0);
  return { code, checks };
}

export function found(checks: readonly Told[], id: string, about?: string): string[] {
  return checks
    .filter((check) => check.id === id && (about ?? check.about) === check.about)
    .map(({ status, text, fix }) => `${status}: ${text}${fix ? ` > ${fix}` : ''}`);
}
