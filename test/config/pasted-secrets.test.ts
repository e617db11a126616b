import { describe, expect, test } from 'vitest';
import { head, problemsOf } from './compile-text.ts';

const hex = '0123456789abcdef';
const token = hex.repeat(4);

/** None of these is real; each has the form of something that is. */
const canaries: ReadonlyArray<readonly [what: string, value: string]> = [
  ['an MKS token', token],
  ['an MKS token in capitals', token.toUpperCase()],
  ['a signing key', ['whsec', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'].join('_')],
  ['a Slack webhook', `https://hooks.slack.com/services/T000/B000/${'canary'.repeat(4)}`],
  ['a Slack token', ['xoxb', '1234567890', 'canary'.repeat(3)].join('-')],
  ['a Discord webhook', `https://discord.com/api/webhooks/1234/${'canary'.repeat(4)}`],
  ['a Teams webhook', `https://prod-01.westeurope.logic.azure.com/workflows/1/triggers?sig=${'canary'.repeat(4)}`],
  ['a Mattermost webhook', `https://chat.example.org/hooks/${'canary1'.repeat(4)}`],
  ['a PagerDuty key', 'e93facc04764012d7bfb002500d5d1a6'],
  ['a heartbeat address', `https://hc-ping.com/${hex.slice(0, 8)}-1234-1234-1234-${hex.slice(0, 12)}`],
  ['an address with a password', 'https://canary:hunter2canary@example.org/x'],
  ['an AWS key', ['AKIA', 'CANARY0123456789'].join('')],
];

const places: ReadonlyArray<readonly [where: string, text: (value: string) => string]> = [
  ['as a token', (value) => head.replace('{ env: TOKEN }', `"${value}"`)],
  ['as the name of a variable', (value) => head.replace('env: TOKEN', `env: "${value}"`)],
  ['as a path', (value) => head.replace('env: TOKEN', `file: "${value}"`)],
  ['as a key', (value) => head.replace('env: TOKEN', `"${value}": TOKEN`)],
  ['as the name of a region', (value) => head.replace('r1:', `"${value}":`)],
  ['as a chat’s address', (value) => `${head}destinations: { d: { kind: slack, url: "${value}" } }\n`],
  ['as a webhook’s address', (value) => `${head}destinations: { d: { kind: webhook, url: "${value}" } }\n`],
  ['as a routing key', (value) => `${head}destinations: { d: { kind: pagerduty, key: "${value}" } }\n`],
  ['as a signing secret', (value) => `${head}events: { e: { kind: json, secret: ["${value}"], may: ["a/b"] } }\n`],
  ['as a heartbeat', (value) => `${head}heartbeat: { url: "${value}" }\n`],
  ['as a match', (value) => `${head}pools: [{ match: "${value}/x", schedule: "${value}" }]\n`],
  ['as a zone', (value) => head.replace('Europe/Berlin', `"${value}"`)],
  ['as a duration', (value) => `${head}keep: "${value}"\n`],
  ['as a time', (value) => head.replace('"07:00"', `"${value}"`)],
  ['as a kind', (value) => `${head}destinations: { d: { kind: "${value}", url: { env: U } } }\n`],
  ['in a comment', (value) => `${head}# old: ${value}\n`],
  ['in broken YAML', (value) => `${head}pools: [${value}\n  }`],
  ['twice', (value) => `${head}"${value}": 1\n"${value}": 2\n`],
];

describe.each(canaries)('%s', (_, value) => {
  test.each(places)('%s is refused and never repeated', async (__, text) => {
    const problems = await problemsOf(text(value));
    expect(problems.map((problem) => problem.message)).toContainEqual(
      expect.stringContaining('a config must not contain secrets'),
    );
    const said = JSON.stringify(problems).toLowerCase();
    for (const piece of [value, value.slice(-12), value.slice(8, 24)]) expect(said).not.toContain(piece.toLowerCase());
  });
});

describe('a value where a reference belongs', () => {
  test('is never repeated, whatever its form', async () => {
    for (const place of [
      'token: hunter2',
      'token: [hunter2]',
      'token: { env: "hunter2!" }',
      'token: { command: hunter2 }',
    ]) {
      const problems = await problemsOf(`regions: { r1: { api: eumetsat-r1, ${place} } }\n`);
      expect(problems.length).toBeGreaterThan(0);
      expect(JSON.stringify(problems)).not.toContain('hunter2');
    }
  });

  test('stands with its line and column', async () => {
    const [problem] = await problemsOf(head.replace('{ env: TOKEN }', token));
    expect(problem).toMatchObject({ line: 3, column: 34, severity: 'error' });
  });
});

describe('what is no secret', () => {
  test.each(['lamplighter/r1', 'the-name-of-a-rather-long-secret-in-production-2026'])('%s', async (name) => {
    expect(await problemsOf(head.replace('env: TOKEN', `awsSecret: "${name}"`))).toEqual([]);
  });

  test('the ARN of a secret, which is wrong for another reason', async () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:lamplighter/r1-AbCdEf';
    const problems = await problemsOf(head.replace('env: TOKEN', `awsSecret: "${arn}"`));
    expect(problems.map(({ fix }) => fix)).toEqual([
      'write the name that is in the ARN: { awsSecret: lamplighter/r1 }',
    ]);
  });
});
