/**
 * The same value with every text in it cleaned. What is told passes the redactor before it is rendered: afterwards a
 * secret may be cut in two, and an id of ours would be taken for one.
 */
export function cleanStrings<T>(value: T, clean: (text: string) => string): T {
  return cleaned(value, clean) as T;
}

function cleaned(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((each) => cleaned(each, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cleaned(each, clean)]));
}
