/**
 * The same value with every string redacted. Messages are redacted before rendering: afterwards a secret may be cut in
 * two, and one of our ids could be taken for a secret.
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
