import { expect, test } from 'vitest';
import { explainPool } from '../../lib/decide/explain/explain-pool.ts';
import { makeRuleBook } from '../../lib/decide/scaling/rule-book.ts';
import { announceTo, announcing } from '../support/announced-night.ts';
import { aConfig, at } from '../support/scaling-world.ts';

test.each([
  ['what goes down', announceTo, 'a scale-down is announced 30 min before, to dev-chat'],
  [
    'what comes up too',
    { ...announceTo, raises: true },
    'scale-downs and scale-ups are announced 30 min before, to dev-chat',
  ],
])('explain says who is told of %s', (_, announce, sentence) => {
  const config = aConfig({ rules: [announcing({ announce })] });
  const now = at('2026-03-02T12:00:00Z');
  const names = { region: 'r1', cluster: 'dev-api', pool: 'workers' };
  expect(explainPool(config, makeRuleBook(config, now), names, now).because).toContain(sentence);
});
