import type * as v from 'valibot';

/** The outer form of a schema, seen through `optional`, pipes and unions; what keys a map has, and what a list holds. */
export type Shape =
  | { readonly kind: 'keys'; readonly entries: Readonly<Record<string, v.GenericSchema>> }
  | { readonly kind: 'names'; readonly value: v.GenericSchema }
  | { readonly kind: 'list'; readonly item: v.GenericSchema }
  | { readonly kind: 'free' };

type Inner = v.GenericSchema & {
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly v.GenericSchema[] | readonly string[];
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
};

/** The shape that a schema gives to this value: of a union, the option for maps, or the one for lists, or none. */
export function shapeFor(schema: v.GenericSchema, value: unknown): Shape {
  const inner = schema as Inner;
  if (inner.wrapped !== undefined) return shapeFor(inner.wrapped, value);
  if (inner.type === 'union') {
    const shapes = (inner.options as readonly v.GenericSchema[]).map((option) => shapeFor(option, value));
    return shapes.find((shape) => fits(shape, value)) ?? { kind: 'free' };
  }
  if (inner.type === 'strict_object' && inner.entries !== undefined) return { kind: 'keys', entries: inner.entries };
  if (inner.type === 'record' && inner.value !== undefined && inner.value.type !== 'unknown') {
    return { kind: 'names', value: inner.value };
  }
  return inner.type === 'array' && inner.item !== undefined ? { kind: 'list', item: inner.item } : { kind: 'free' };
}

function fits(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'list') return Array.isArray(value);
  return shape.kind !== 'free' && typeof value === 'object' && value !== null && !Array.isArray(value);
}
