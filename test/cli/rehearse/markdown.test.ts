import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { differenceMarkdown } from '../../../lib/cli/rehearse/difference-markdown.ts';
import type { RehearsalDifference } from '../../../lib/decide/rehearsal/compare-rehearsals.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { aCliNight, type CliNight } from '../../support/cli-night.ts';
import { at } from '../../support/scaling-world.ts';

const config = (until: string, mode = 'act') => `
timezone: Europe/Berlin
regions: { r1: { api: http://127.0.0.1:9/api/v1, token: { env: TOKEN } } }
schedules:
  office: { windows: [{ days: mon-fri, from: "07:00", to: "${until}" }], otherwise: idle }
defaults: { limits: { min: 0 } }
pools:
  - { match: "dev-*/*", schedule: office, base: remembered, idle: 0 }
  - { match: "ml/gpu", schedule: office, base: { min: 0, max: 4 }, idle: 0, mode: ${mode} }
safety: { brake: { pools: 1, percent: 5 } }`;

async function compared(night: CliNight, old: string, ...more: string[]) {
  const file = join(night.folder, 'old.yml');
  await writeFile(file, old, { mode: 0o600 });
  const ran = await night.run('rehearse', '--against', file, '--days', '2', ...more);
  return { ...ran, stdout: ran.stdout.replaceAll(night.folder, '.') };
}

const aNight = (text: string) => aCliNight({ start: at('2026-03-02T12:00:00+01:00'), config: text });

describe('rehearse --format markdown', () => {
  test('is a comment for a merge request, and ends with 3', async () => {
    using night = await aNight(config('18:00'));
    const { code, stdout, stderr } = await compared(night, config('19:00', 'observe'), '--format', 'markdown');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('golden/difference.md');
    expect((await compared(night, config('19:00', 'observe'), '--format', 'markdown')).stdout).toBe(stdout);
  });

  test('says in one line that nothing changes, and ends with 0', async () => {
    using night = await aNight(config('18:00'));
    const { code, stdout } = await compared(night, config('18:00'), '--format', 'markdown');
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot('golden/no-difference.md');
  });

  test('as text it ends with 3 only where that is asked for', async () => {
    using night = await aNight(config('18:00'));
    expect((await compared(night, config('19:00'))).code).toBe(0);
    expect((await compared(night, config('19:00'), '--detailed-exitcode')).code).toBe(3);
    expect((await compared(night, config('18:00'), '--detailed-exitcode')).code).toBe(0);
  });

  test.each([
    [['--format', 'markdown'], 'add --against'],
    [['--detailed-exitcode'], 'add --against'],
    [['--json', '--format', 'markdown', '--against', 'x.yml'], 'not both'],
  ])('%j is refused', async (argv, message) => {
    using night = await aNight(config('18:00'));
    expect(await night.run('rehearse', ...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe('a comment', () => {
  const names = { region: 'r1', clusterId: 'c', cluster: 'dev', poolId: 'p', pool: 'a' };
  const change = (n: number, reason: string) =>
    ({
      ...names,
      at: n * 60_000,
      doneAt: n * 60_000,
      from: 1,
      to: 2,
      reason,
      who: 'x',
    }) as RehearsalDifference['added'][number];
  const difference = (added: RehearsalDifference['added']): RehearsalDifference => ({
    added,
    removed: [],
    moved: [],
    pools: [],
    nodeHours: 1,
    oldNodeHours: 2,
    readiness: { boundaries: 1, readyInTime: 1 },
    oldReadiness: { boundaries: 1, readyInTime: 1 },
    late: [],
    announced: [],
    unannounced: [],
    acted: [],
    observed: [],
    found: [],
    gone: [],
  });
  const parts = (notes: readonly string[] = []) => {
    const one = { file: 'new.yml', regions: [{ name: 'r1' }] } as unknown as CompiledConfig;
    return { config: one, old: { ...one, file: 'old.yml' }, pools: [], days: 7, notes };
  };

  test('is short enough for GitHub, and says what is left out', () => {
    const many = Array.from({ length: 3000 }, (_, n) => change(n, `because ${n}`));
    const announced = many.map((one) => ({
      at: one.at,
      boundary: one.at + 1_800_000,
      destination: 'chat',
      isAddition: false,
      pools: [{ ...one, nodes: 1, by: 1 }],
    }));
    const pools = many.map((pool) => ({ pool, nodeHours: 1, oldNodeHours: 2 }));
    const text = differenceMarkdown({ ...difference(many), announced, pools }, parts()).join('\n');
    expect(text.length).toBeLessThan(65_000);
    expect(text).toMatch(/and \d+ more: see the output/);
  });

  test('obeys nothing that a config or a cluster says', () => {
    const evil = '| </details><script>x</script> [a](javascript:b) @everyone `c` #12 !3 **d**';
    const text = differenceMarkdown(difference([change(1, evil)]), parts([evil])).join('\n');
    expect(text).not.toMatch(/<script|@everyone|[^\\]`c|\[a\]\(|#12|!3|\*\*d/);
    expect(text.match(/<\/details>/g)).toHaveLength(1);
    const row = text.split('\n').find((line) => line.startsWith('| added'));
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(6);
  });
});
