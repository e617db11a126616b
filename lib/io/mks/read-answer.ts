import * as v from 'valibot';
import type { Answer } from '../../model/answer.ts';

/** Turns parsed JSON (and its text) into a value, or says which place of it has the wrong shape. */
export type Reader<T> = (json: unknown, text: string) => Read<T>;

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export function readerOf<TShape extends v.GenericSchema, T>(
  shape: TShape,
  toValue: (parsed: v.InferOutput<TShape>, text: string) => T,
): Reader<T> {
  return (json, text) => {
    const parsed = v.safeParse(shape, json);
    if (parsed.success) return { ok: true, value: toValue(parsed.output, text) };
    return { ok: false, problem: whatIsWrong(parsed.issues[0]) };
  };
}

/** `{ "items": [...] }`; other keys are ignored. A list with more than `most` items is refused. */
export function listReaderOf<TShape extends v.GenericSchema, T>(
  shape: TShape,
  toValue: (parsed: v.InferOutput<TShape>) => T,
  most = Number.POSITIVE_INFINITY,
): Reader<readonly T[]> {
  const list = v.object({ items: v.array(shape) });
  const read = readerOf(list, ({ items }) => items.map((item) => toValue(item)));
  return (json, text) => {
    const { items } = (json ?? {}) as { readonly items?: unknown };
    const isTooLong = Array.isArray(items) && items.length > most;
    return isTooLong
      ? { ok: false, problem: `answered with ${items.length} items; at most ${most} are read` }
      : read(json, text);
  };
}

/** An `ok` answer's text, parsed and checked. Any failure is `unknown`, with the path and never the value. */
export function readAnswer<T>(
  answer: Answer<string>,
  reader: Reader<T>,
  asked: { readonly what: string; readonly isWrite: boolean },
): Answer<T> {
  if (answer.kind !== 'ok') return answer;
  const json = parseJson(answer.value);
  if (json === unparsable) return unreadable('unparsable', 'answered with incomplete or invalid JSON', asked);
  const read = reader(json, answer.value);
  return read.ok ? { ...answer, value: read.value } : unreadable('wrong-shape', read.problem, asked);
}

const unparsable: unique symbol = Symbol('unparsable');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return unparsable;
  }
}

function whatIsWrong(issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue) ?? 'the answer';
  return `answered with an unknown format: ${place} is not valid (expected ${issue.expected ?? 'a size'})`;
}

function unreadable(
  reason: 'unparsable' | 'wrong-shape',
  text: string,
  asked: { readonly what: string; readonly isWrite: boolean },
): Answer<never> {
  return { kind: 'unknown', reason, detail: `${asked.what} ${text}`, maybeApplied: asked.isWrite };
}
