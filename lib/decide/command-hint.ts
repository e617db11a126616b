import type { CompiledConfig } from './compiled-config.ts';

const usual = ['./lamplighter.yml', 'lamplighter.yml'];

/** A command as it can be run here: with the config in use, where that is not the usual one. */
export function commandHint({ file }: Pick<CompiledConfig, 'file'>, command: string): string {
  if (usual.includes(file)) return `lamplighter ${command}`;
  return `lamplighter ${command} --config ${/^[\w./-]+$/u.test(file) ? file : JSON.stringify(file)}`;
}
