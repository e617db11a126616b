import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compiled, head, now } from './compile-text.ts';

const text = `${head}calendars: { c: { holidays: DE, actLike: sunday } }
pools:
  - { match: "a/b", schedule: office, idle: 1 }
  - { match: "z/b", schedule: none }
exceptions:
  - { match: "a/*", start: 2026-12-23T18:00, end: 2026-12-24T06:30, size: idle }
`.replace('otherwise', 'calendar: c\n    otherwise');

async function hashes(changed: string, at = now, file = 'lamplighter.yml') {
  const config = await compiled(changed, { now: at, file });
  return { config: config.hash, rule: config.rules.find((one) => one.match.cluster === 'a')?.hash };
}

describe('the hashes of config and rule', () => {
  test.each([
    ['a comment', `# hello\n\n${text}`],
    ['other quotes and spacing', text.replace('"a/b"', "'a/b'  ")],
    ['another order of keys', text.replace('schedule: office, idle: 1', 'idle: 1, schedule: office')],
  ])('stay with %s', async (_, changed) => {
    expect(await hashes(changed)).toEqual(await hashes(text));
  });

  test('stay in another folder and another year', async () => {
    expect(await hashes(text, Date.UTC(2027, 5, 1), '/elsewhere/l.yml')).toEqual(await hashes(text));
  });

  test('stay wherever the config is compiled for', async () => {
    const example = readFileSync(new URL('../../deploy/lamplighter.aws.example.yml', import.meta.url), 'utf8');
    const [atADesk, inFunctions] = await Promise.all([compiled(example), compiled(example, { target: 'aws' })]);
    expect(inFunctions).toEqual(atADesk);
  });

  test.each([
    ['its own key', text.replace('idle: 1', 'idle: 2')],
    ['its schedule', text.replace('07:00', '08:00')],
    ['its calendar', text.replace('holidays: DE', 'holidays: DE-HE')],
    ['its zone', text.replace('Europe/Berlin', 'Europe/London')],
    ['an exception that touches it', text.replace('18:00, end', '19:00, end')],
    ['a default', `${text}defaults: { grace: 1h }\n`],
  ])('both change with %s', async (_, changed) => {
    const [before, after] = [await hashes(text), await hashes(changed)];
    expect(after.config).not.toBe(before.config);
    expect(after.rule).not.toBe(before.rule);
  });

  test.each([
    ['another rule', text.replace('match: "z/b"', 'match: "y/b"')],
    [
      'an exception elsewhere',
      `${text}  - { match: "z/*", start: 2026-12-23T18:00, end: 2026-12-24T06:30, size: idle }\n`,
    ],
    ['a destination', `${text}destinations: { d: { kind: slack, url: { env: U } } }\n`],
  ])("the rule's stays with %s", async (_, changed) => {
    const [before, after] = [await hashes(text), await hashes(changed)];
    expect(after.config).not.toBe(before.config);
    expect(after.rule).toBe(before.rule);
  });
});
