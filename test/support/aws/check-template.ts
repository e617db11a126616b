/** Checks a template against AWS's own resource specification: unknown and missing properties, types, references. */
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Template } from './template.ts';

type Spec = ReturnType<typeof loadAwsServiceSpecSync>;
type Property = { readonly type: PropertyType; readonly required?: boolean };
type PropertyType = {
  readonly type: string;
  readonly reference?: { readonly $ref: string };
  readonly element?: PropertyType;
};

/** One sentence per mistake. */
export function checkTemplate(template: Template): readonly string[] {
  const spec = loadAwsServiceSpecSync();
  const problems: string[] = [];
  const ids = new Set([...Object.keys(template.Resources), ...Object.keys(template.Parameters ?? {})]);
  for (const [id, resource] of Object.entries(template.Resources)) {
    const [known] = [...spec.lookup('resource', 'cloudFormationType', 'equals', resource.Type)];
    if (known === undefined) {
      problems.push(`${id}: there is no type ${resource.Type}`);
      continue;
    }
    checkObject(spec, resource.Properties ?? {}, known.properties, id, problems);
    for (const other of [resource.DependsOn ?? []].flat()) {
      if (!ids.has(other)) problems.push(`${id}: DependsOn ${other} dangles`);
    }
  }
  checkReferences(template.Resources, 'Resources', ids, problems);
  checkReferences(template.Outputs, 'Outputs', ids, problems);
  return problems;
}

function checkObject(
  spec: Spec,
  value: object,
  properties: { readonly [name: string]: Property },
  path: string,
  problems: string[],
): void {
  for (const [name, inner] of Object.entries(value)) {
    const property = properties[name];
    if (property === undefined) problems.push(`${path}.${name}: there is no such property`);
    else checkValue(spec, inner, property.type, `${path}.${name}`, problems);
  }
  for (const [name, { required }] of Object.entries(properties)) {
    if (required === true && !(name in value)) problems.push(`${path}.${name}: required and missing`);
  }
}

function checkValue(spec: Spec, value: unknown, type: PropertyType, path: string, problems: string[]): void {
  if (isIntrinsic(value)) return;
  const say = (what: string) => problems.push(`${path}: should be ${what}`);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type.type === 'ref' && type.reference) {
    const definition = spec.get('typeDefinition', type.reference.$ref);
    if (!isObject) return void say('an object');
    checkObject(spec, value, definition.properties, path, problems);
  } else if (type.type === 'array' && type.element) {
    if (!Array.isArray(value)) return void say('a list');
    for (const [i, item] of value.entries()) checkValue(spec, item, type.element, `${path}[${i}]`, problems);
  } else if (type.type === 'map' && type.element) {
    if (!isObject) return void say('an object');
    for (const [key, item] of Object.entries(value)) checkValue(spec, item, type.element, `${path}.${key}`, problems);
  } else if (type.type === 'string') {
    if (typeof value === 'object') say('text');
  } else if (type.type === 'boolean') {
    if (typeof value !== 'boolean') say('true or false');
  } else if (type.type === 'integer' || type.type === 'number') {
    if (typeof value !== 'number' && !/^\d+$/u.test(String(value))) say('a number');
  }
}

function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && /^(Ref$|Fn::|Condition$)/u.test(keys[0] ?? '');
}

function checkReferences(value: unknown, path: string, ids: ReadonlySet<string>, problems: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    for (const id of referencesIn(name, inner)) {
      if (!id.startsWith('AWS::') && !ids.has(id)) problems.push(`${path}: the reference to ${id} dangles`);
    }
    checkReferences(inner, `${path}.${name}`, ids, problems);
  }
}

function referencesIn(name: string, inner: unknown): readonly string[] {
  if (name === 'Ref') return [String(inner)];
  if (name === 'Fn::GetAtt') return [String([inner].flat()[0]).split('.')[0] ?? ''];
  if (name !== 'Fn::Sub' || typeof inner !== 'string') return [];
  return [...inner.matchAll(/\$\{([^}.!]+)[^}]*\}/gu)].map((match) => match[1] ?? '');
}
