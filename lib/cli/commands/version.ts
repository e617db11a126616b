import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { schemaVersion } from '../../io/stores/store.ts';
import { examples, type JsonOption, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { writeJson } from '../text/table.ts';

export function addVersion(program: Command, parts: CliParts): void {
  const command = program
    .command('version')
    .description('Print the versions of Lamplighter, Node, the time-zone data and the store.')
    .addOption(jsonOption())
    .action((options: JsonOption) => version(parts, options));
  examples(command, [['lamplighter version --json', 'for a bug report, or for programs']]);
}

function version({ stdout }: CliParts, { json }: JsonOption): void {
  const { node, tz, icu } = process.versions;
  const { platform, arch } = process;
  const timeZones = tz ?? null;
  const found = {
    version: packageJson.version,
    node,
    timeZones,
    icu: icu ?? null,
    storeSchema: schemaVersion,
    platform,
    arch,
  };
  if (json) return writeJson(stdout, found);
  stdout.write(
    `lamplighter ${found.version}\nNode ${node} on ${platform} ${arch}, time-zone data ${tz ?? 'unknown'}, store schema ${schemaVersion}\n`,
  );
}
