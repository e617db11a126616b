import type * as v from 'valibot';
import { configSchema } from './schema/config.ts';
import { shapeFor } from './schema/shape.ts';
import { secret } from './schema/values.ts';

/** One key of the config as the reference shows it. */
export type KeyRow = {
  /** `pools[].limits.min`, `regions.<name>.api`; keys of a secret stand once, under `<secret>`. */
  readonly key: string;
  readonly type: string;
  readonly need: boolean;
  /** As one would write it, or in words; empty where there is none. */
  readonly default: string;
  readonly says: string;
};

/** Every key, in the order of the schema. */
export function listKeys(): readonly KeyRow[] {
  return [...rowsOf(configSchema, ''), ...rowsOf(secret, '<secret>')];
}

function rowsOf(schema: v.GenericSchema, path: string): readonly KeyRow[] {
  const keys = shapeFor(schema, {});
  const list = shapeFor(schema, []);
  const inList = list.kind === 'list' ? rowsOf(list.item, `${path}[]`) : [];
  if (keys.kind === 'names') return holdsSecret(keys.value) ? [] : rowsOf(keys.value, `${path}.<name>`);
  if (keys.kind !== 'keys') return inList;
  const own = Object.entries(keys.entries).flatMap(([key, child]) =>
    rowAndBelow(child, path === '' ? key : `${path}.${key}`),
  );
  return [...own, ...inList];
}

function rowAndBelow(schema: v.GenericSchema, path: string): readonly KeyRow[] {
  const facts = metadataOf(schema);
  const fallback = facts['default'];
  const row: KeyRow = {
    key: path,
    type: String(facts['title'] ?? ''),
    need: schema.type !== 'exact_optional',
    default: fallback === undefined ? String(facts['absent'] ?? '') : `\`${String(fallback)}\``,
    says: String(facts['description'] ?? ''),
  };
  return holdsSecret(schema) ? [row] : [row, ...rowsOf(schema, path)];
}

type Piped = { readonly wrapped?: v.GenericSchema; readonly pipe?: readonly unknown[] };

type Facts = Readonly<Record<string, string | number | boolean>>;

function metadataOf(schema: v.GenericSchema): Facts {
  const { wrapped, pipe = [] } = schema as Piped;
  if (wrapped !== undefined) return metadataOf(wrapped);
  const action = pipe.find((item) => (item as { type?: unknown }).type === 'metadata');
  return (action as { metadata?: Facts } | undefined)?.metadata ?? {};
}

/** A secret's own keys are the same wherever one may stand. */
function holdsSecret(schema: v.GenericSchema): boolean {
  const shape = shapeFor(schema, {});
  return shape.kind === 'keys' && 'awsSecret' in shape.entries;
}
