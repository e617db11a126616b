import type { Command } from 'commander';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';

/** Which file of a config a schema is for: the main one, or one that it includes. */
type Part = 'main' | 'included';

export function addSchema(program: Command, parts: CliParts): void {
  const command = program
    .command('schema')
    .description('Print the JSON Schema of the config. Editors use it to complete and check keys.')
    .option('--included', 'the schema of an included file')
    .action(async ({ included }: { readonly included?: true }) =>
      parts.stdout.writeLines(await schemaText(included ? 'included' : 'main')),
    );
  examples(command, [
    ['lamplighter schema > lamplighter.schema.json', 'after an upgrade, beside the config'],
    ['lamplighter schema --included > lamplighter.included.schema.json', ''],
  ]);
}

/** As this version has it, wherever it is installed. */
export async function schemaText(part: Part): Promise<string> {
  const { default: schema } = await (part === 'main'
    ? import('../../../lamplighter.schema.json', { with: { type: 'json' } })
    : import('../../../lamplighter.included.schema.json', { with: { type: 'json' } }));
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
