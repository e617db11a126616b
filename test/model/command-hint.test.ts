import { describe, expect, test } from 'vitest';
import { commandHint, withConfig } from '../../lib/model/text.ts';

describe('a command as it can be run here', () => {
  test.each([
    ['./lamplighter.yml', 'lamplighter approve'],
    ['lamplighter.yml', 'lamplighter approve'],
    ['../fleets/prod.yml', 'lamplighter approve --config ../fleets/prod.yml'],
    ['my fleet.yml', 'lamplighter approve --config "my fleet.yml"'],
  ])('with the config %s', (file, hint) => {
    expect(commandHint({ file }, 'approve')).toBe(hint);
  });

  test.each([
    ['if you want this, run: lamplighter approve', ' --config a.yml'],
    ['give it a base, or run: lamplighter base "dev/a" set <size>', ' --config a.yml'],
    ['run: lamplighter explain "dev/a", and look at the pool in the console', ''],
    ['is "lamplighter run" running?', ''],
    ['look at the pool in the console', ''],
  ])('a sentence gets it where it ends with the command: %s', (sentence, added) => {
    expect(withConfig({ file: 'a.yml' }, sentence)).toBe(`${sentence}${added}`);
    expect(withConfig({ file: './lamplighter.yml' }, sentence)).toBe(sentence);
  });
});
