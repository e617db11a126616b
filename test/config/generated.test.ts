import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { listKeys } from '../../lib/config/key-table.ts';
import { includedKeys } from '../../lib/config/schema/config.ts';
import { renderJsonSchema, renderReference } from '../../scripts/generate-config-docs.ts';

const root = new URL('../../', import.meta.url);

describe('what is generated from the schema is up to date (node scripts/generate-config-docs.ts)', () => {
  test('docs/config.md', async () => {
    expect(await readFile(new URL('docs/config.md', root), 'utf8')).toBe(renderReference());
  });

  test('lamplighter.schema.json', async () => {
    expect(await readFile(new URL('lamplighter.schema.json', root), 'utf8')).toBe(renderJsonSchema());
  });

  test('lamplighter.included.schema.json', async () => {
    const text = await readFile(new URL('lamplighter.included.schema.json', root), 'utf8');
    expect(text).toBe(renderJsonSchema('included'));
    const { properties, required, additionalProperties } = JSON.parse(text) as Record<string, object>;
    expect(Object.keys(properties ?? {})).toEqual([...includedKeys]);
    expect([required ?? [], additionalProperties]).toEqual([[], false]);
  });

  test('every key says what it means and of what type it is', () => {
    expect(listKeys().filter((row) => row.says === '' || row.type === '')).toEqual([]);
    expect(listKeys().length).toBeGreaterThan(130);
  });
});
