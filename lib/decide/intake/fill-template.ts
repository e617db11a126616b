import type { Template } from '../compiled-config.ts';
import { isObject, type JsonObject, type Read, show } from './read-values.ts';

/**
 * A value put into a template names one part of a pool's name and never breaks out of it: no "/", no ":". Only a
 * template that is nothing but one label takes a whole name. Labels are looked up as written, then as a dotted path.
 */
export function fillTemplate(template: Template, values: JsonObject): Read<string> {
  const isWholeName = template.length === 1;
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(values, part.label);
    if (typeof value !== 'string' || value === '') {
      return { problem: `the event has no ${part.label}, from which the pool's name is made` };
    }
    if (!isWholeName && /[/:]/u.test(value)) {
      return { problem: `${part.label} is ${show(value)}: a value in a pool's name holds no "/" and no ":"` };
    }
    text += value;
  }
  return { value: text };
}

/** The value at a key, or at a dotted path such as detail.bucket.name; own properties only. */
export function lookUp(values: JsonObject, path: string): unknown {
  if (Object.hasOwn(values, path)) return values[path];
  let value: unknown = values;
  for (const key of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
