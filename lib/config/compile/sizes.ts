import type { Size, Term } from '../../decide/model.ts';
import type { Path } from '../problem.ts';
import type { Report } from '../report.ts';
import type { Salvaged } from '../validate.ts';

type SizeInput = number | Salvaged<{ min: number; max: number }>;

/** A size with both of its ends; a range upside down is refused. */
export function readSize(size: SizeInput, path: Path, report: Report): Size | undefined {
  if (typeof size === 'number') return size;
  const { min, max } = size;
  if (min === undefined || max === undefined) return undefined;
  if (min <= max) return { min, max };
  report.error(path, `min ${min} is more than max ${max}`, `write { min: ${max}, max: ${min} }`);
  return undefined;
}

export function readTerm(term: 'base' | 'idle' | SizeInput, path: Path, report: Report): Term | undefined {
  return term === 'base' || term === 'idle' ? term : readSize(term, path, report);
}

export function minOf(size: Size): number {
  return typeof size === 'number' ? size : size.min;
}

export function maxOf(size: Size): number {
  return typeof size === 'number' ? size : size.max;
}

export function renderSize(size: Size): string {
  return typeof size === 'number' ? String(size) : `{ min: ${size.min}, max: ${size.max} }`;
}
