import * as v from 'valibot';
import { findNearest } from '../model/did-you-mean.ts';
import type { Report } from './collect-problems.ts';
import { cronProblem } from './cron-window.ts';
import type { Path, PathPart } from './problem.ts';
import { splitComplaint } from './schema/complaint.ts';
import { type ConfigInput, configSchema, includedKeys, includedSchema } from './schema/config.ts';
import { type Shape, shapeFor } from './schema/shape.ts';

/** A value after everything wrong was removed: any key or list item may be missing. */
export type Salvaged<T> = T extends readonly (infer Item)[]
  ? readonly (Salvaged<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Salvaged<T[Key]> | undefined }
    : T;

export type SalvagedConfig = Salvaged<ConfigInput>;

/**
 * Reports everything that is wrong with single values, and returns the rest, so that what depends on several of them
 * (names, limits, overlaps) is judged in the same pass: every mistake at once.
 */
export function validate(value: unknown, report: Report, part: 'main' | 'included' = 'main'): SalvagedConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report.file('the file is not a map of keys', `begin with "${part === 'main' ? 'regions' : 'pools'}:"`);
    return {};
  }
  const schema = part === 'main' ? configSchema : includedSchema;
  const own = part === 'main' ? value : refuseMainKeys(value as Record<string, unknown>, report);
  const known = refuseUnknownKeys(schema, own, report);
  const copy: SalvagedConfig = structuredClone(known as Record<string, unknown>);
  for (const issue of flatten(v.safeParse(schema, known).issues ?? [])) {
    tell(issue, report);
    remove(copy, issue.path);
  }
  return copy;
}

/** What holds for the whole fleet stands in one place; returns what is left. */
function refuseMainKeys(value: Record<string, unknown>, report: Report): Record<string, unknown> {
  const all = Object.entries(value);
  const isMain = (key: string) => Object.hasOwn(configSchema.entries, key) && !includedKeys.some((one) => one === key);
  for (const [key] of all.filter(([one]) => isMain(one))) {
    const message = key === 'include' ? 'an included file includes no others' : `"${key}" belongs in the main file`;
    const fix = key === 'include' ? 'name them all in the main file' : 'move it there';
    report.unknownKey([key], message, `${fix}; an included file may have ${includedKeys.join(', ')}`, undefined);
  }
  return Object.fromEntries(all.filter(([key]) => !isMain(key)));
}

type FlatIssue = { readonly issue: v.BaseIssue<unknown>; readonly path: Path };

/** A union's own words where a value fits no form at all; where it is a map or a list, the words of the form for these. */
function flatten(issues: readonly v.BaseIssue<unknown>[], above: Path = []): readonly FlatIssue[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...(issue.path ?? []).map((item) => item.key as PathPart)];
    const inner = issue.type === 'union' && typeof issue.input === 'object' ? (issue.issues ?? []) : [];
    // Of a list, only what its items are like: taken for a map, its places would be keys.
    const form = Array.isArray(issue.input) ? 'array' : 'object';
    const deeper = inner.filter((child) => child.path?.[0]?.type === form);
    return deeper.length > 0 ? flatten(deeper, path) : [{ issue, path }];
  });
}

function tell({ issue, path }: FlatIssue, report: Report): void {
  const key = path.at(-1);
  if (issue.type === 'strict_object' && issue.path?.at(-1)?.origin === 'key') {
    const parent = path.slice(0, -1);
    if (!report.isTold(path))
      report.missing(parent, String(key), `"${String(key)}" is missing`, `add "${String(key)}:"`);
    return;
  }
  if (report.isTold(path)) return;
  const { message, fix } = splitComplaint(issue.message);
  if (issue.path?.at(-1)?.origin === 'key') {
    report.badName(path, message, fix);
    return;
  }
  report.error(path, issue.input === null ? emptyMessage(key) : message, fix);
}

function emptyMessage(key: PathPart | undefined): string {
  return typeof key === 'string' ? `"${key}" has no value` : 'an empty item';
}

/** Deletes what the path names; an item of a list becomes undefined, so that the others keep their places. */
function remove(root: object, path: Path): void {
  let parent: unknown = root;
  for (const part of path.slice(0, -1)) parent = child(parent, part);
  const last = path.at(-1);
  if (last === undefined || typeof parent !== 'object' || parent === null) return;
  if (Array.isArray(parent)) parent[Number(last)] = undefined;
  else delete (parent as Record<PathPart, unknown>)[last];
}

function child(parent: unknown, part: PathPart): unknown {
  return typeof parent === 'object' && parent !== null ? (parent as Record<PathPart, unknown>)[part] : undefined;
}

/**
 * A key that the schema does not have is refused, wherever it stands, with the key it most likely stands for.
 * Returns the value without such keys, and without lists where a map belongs, so that everything else can be judged.
 * (The schema's own check stops at the first unknown key of a map, and takes a list for a map.)
 */
function refuseUnknownKeys(schema: v.GenericSchema, value: unknown, report: Report, path: Path = []): unknown {
  const shape = shapeFor(schema, value);
  if (typeof value !== 'object' || value === null || shape.kind === 'free') return value;
  if (Array.isArray(value)) {
    if (shape.kind !== 'list') return refuseList(report, path);
    return value.map((item, index) => refuseUnknownKeys(shape.item, item, report, [...path, index]));
  }
  return shape.kind === 'list' ? value : keepKnown(shape, value as Record<string, unknown>, report, path);
}

function refuseList(report: Report, path: Path): undefined {
  report.error(path, 'expected a map of keys, got a list', 'remove the "- " and write "key: value"');
  return undefined;
}

function keepKnown(shape: Shape, value: Record<string, unknown>, report: Report, path: Path): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const schema = schemaOf(shape, key);
    if (schema === undefined) refuse(shape, key, value, report, path);
    else {
      const kept = refuseUnknownKeys(schema, child, report, [...path, key]);
      const isRight =
        shape.kind !== 'names' || !unseenNames.includes(key) || isSeenRight(schema, kept, report, [...path, key]);
      if (kept !== undefined && isRight) known[key] = kept;
    }
  }
  return known;
}

/** Names that the schema's own check passes over wherever they stand. */
const unseenNames = ['constructor', 'prototype'];

function isSeenRight(schema: v.GenericSchema, value: unknown, report: Report, path: Path): boolean {
  const { issues = [] } = v.safeParse(schema, value);
  for (const issue of flatten(issues, path)) tell(issue, report);
  return issues.length === 0;
}

function schemaOf(shape: Shape, key: string): v.GenericSchema | undefined {
  if (shape.kind === 'names') return key === '__proto__' ? undefined : shape.value;
  return shape.kind === 'keys' && Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
}

function refuse(shape: Shape, key: string, value: object, report: Report, path: Path): void {
  if (key === '<<') {
    report.unknownKey([...path, key], 'merge keys ("<<") are YAML 1.1', 'repeat the keys, or use defaults:', undefined);
    return;
  }
  if (key === 'cron') {
    const { problem, fix } = cronProblem(String((value as Record<string, unknown>)[key]), path);
    // It stands for the times of a window, which are not missing then.
    report.unknownKey([...path, key], problem, fix, 'from');
    return;
  }
  const keys = shape.kind === 'keys' ? Object.keys(shape.entries) : [];
  const free = keys.filter((candidate) => !Object.hasOwn(value, candidate));
  const meant = findNearest(key, free) ?? findNearest(key, keys);
  const fix = meant === undefined ? `the keys here are: ${keys.join(', ')}` : `did you mean "${meant}"?`;
  report.unknownKey([...path, key], `unknown key "${key}"`, fix, meant);
}
