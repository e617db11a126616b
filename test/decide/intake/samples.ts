import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../events/', import.meta.url);

export function readSample(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

export function listSamples(inner = ''): readonly string[] {
  return readdirSync(new URL(inner, folder)).filter((name) => name.includes('.'));
}
