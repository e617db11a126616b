import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sourceId } from '../../scripts/aws/logical-id.ts';

const parts = ['Queue', 'QueuePolicy', 'QueueMapping', 'DeadLetters', 'DeadLettersPolicy'] as const;
const more = ['DeadLettersAlarm', 'Rule', 'RulePermission'] as const;
const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/u);
const part = fc.constantFrom(...parts, ...more);

test.each([
  ['lamplighter-events', 'Queue', 'SourceLamplighterEventsQueue'],
  ['failures', 'Queue', 'SourceFailuresQueue'],
  ['a_b.C', 'Rule', 'SourceAZ5fbZ2eZ43Rule'],
] as const)('%s, %s → %s', (given, kind, id) => {
  expect(sourceId(given, kind)).toBe(id);
});

test('two names or two parts never have the same, and each is letters and digits', () => {
  fc.assert(
    fc.property(name, part, name, part, (a, partA, b, partB) => {
      const [first, second] = [sourceId(a, partA), sourceId(b, partB)];
      expect(first).toMatch(/^[A-Za-z0-9]{1,255}$/u);
      expect(first === second).toBe(a === b && partA === partB);
    }),
  );
});

test('a name can be read back from its id', () => {
  fc.assert(
    fc.property(name, (given) => {
      const inner = sourceId(given, 'Rule').slice('Source'.length, -'Rule'.length);
      const back = inner.replace(/Z([0-9a-f]{2})|[A-Y]/gu, (sign, code: string | undefined) =>
        code === undefined ? `-${sign.toLowerCase()}` : String.fromCharCode(Number.parseInt(code, 16)),
      );
      expect(back).toBe(`-${given}`);
    }),
  );
});
