import type { Json } from '../../model/json.ts';
import type { Key } from '../../io/stores/store.ts';
import { readAsk } from './ask-records.ts';
import { isRecord, unknownRecord } from './change-record.ts';
import { isClusterRecord, isStoredRule } from './cluster-records.ts';

type Kind = 'string' | 'number' | 'object' | 'array';
type Shape = { readonly [field: string]: Kind };

const watchMemory: readonly Shape[] = [{ at: 'number' }, { clusters: 'array' }, { of: 'string', updatedAt: 'array' }];

/** What a record of each partition has at the very least: without it nobody can use it. The first that begins so counts. */
const shapes: readonly (readonly [begins: string, shape: Shape | ((value: Json) => boolean)])[] = [
  ['clusters/', isClusterRecord],
  ['asks/', (value) => readAsk({ key: { partition: '', id: '' }, value, version: '' }) !== undefined],
  ['decisions/', { at: 'number', cluster: 'string', pool: 'string', reason: 'string', who: 'string' }],
  ['rules', isStoredRule],
  ['findings', { at: 'number', findings: 'array', checkedClusters: 'array' }],
  ['looked', { of: 'string' }],
  ['incidents', { key: 'string', kind: 'string', subject: 'object' }],
  ['outbox/', { destination: 'string' }],
  ['parked/', { delivery: 'object', reason: 'string', at: 'number' }],
  ['silences', { id: 'string', until: 'number' }],
  ['notices', { notice: 'object' }],
  ['destinations', { id: 'string', destination: 'object' }],
  ['dest', { id: 'string', bucket: 'object' }],
  ['hist', { id: 'string', at: 'number', state: 'string' }],
  ['seen', { at: 'number', configHash: 'string' }],
  ['obs-times', { times: 'object' }],
  ['obs/', (value) => watchMemory.some((shape) => hasShape(value, shape))],
  ['sizes/', { at: 'number', changes: 'object' }],
  ['nodes/', { at: 'number', nodes: 'object' }],
  ['fleet', {}],
  ['replays/', () => true],
  ['doctor', {}],
  ['store', {}],
];

/** What a person reads of a record that no command could use; undefined where it is as this version knows it. */
export function recordProblem(key: Key, text: string): string | undefined {
  const value = parsed(text);
  if (value === undefined)
    return `the record ${key.partition}/${key.id} of the store holds no JSON; restore the store from a backup, or delete this one record (what it remembers is then lost)`;
  const shape = shapes.find(([begins]) => key.partition.startsWith(begins))?.[1];
  if (shape === undefined)
    return `the record ${key.partition}/${key.id} of the store is of a kind that this version does not know; a newer version may have written it`;
  const isKnown = typeof shape === 'function' ? shape(value) : hasShape(value, shape);
  return isKnown ? undefined : unknownRecord(key);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function hasShape(value: Json, shape: Shape): boolean {
  return isRecord(value) && Object.entries(shape).every(([field, kind]) => isOf(value[field], kind));
}

function isOf(value: unknown, kind: Kind): boolean {
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === kind;
}
