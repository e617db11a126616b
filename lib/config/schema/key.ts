import * as v from 'valibot';

/** What the reference says about a key: its meaning, its type in words, and its default where it has one. */
export type KeyFacts = {
  readonly says: string;
  readonly type?: string;
  /** What one could as well write. */
  readonly default?: string | number | boolean;
  /** What its absence means, where that is no value one could write. */
  readonly absent?: string;
};

/** A key that must be there. The facts end in docs/config.md and in the JSON Schema. */
export function need<const S extends v.GenericSchema>(schema: S, facts: KeyFacts) {
  return v.pipe(schema, v.metadata(toMetadata(facts)));
}

/** A key that may be left out. */
export function may<const S extends v.GenericSchema>(schema: S, facts: KeyFacts) {
  return v.exactOptional(v.pipe(schema, v.metadata(toMetadata(facts))));
}

function toMetadata(facts: KeyFacts): Record<string, string | number | boolean> {
  return {
    description: facts.says,
    ...(facts.type === undefined ? {} : { title: facts.type }),
    ...(facts.default === undefined ? {} : { default: facts.default }),
    ...(facts.absent === undefined ? {} : { absent: facts.absent }),
  };
}
