/** prices, page: what people see. */
import * as v from 'valibot';
import { complaint, expected, may, need } from './complaint.ts';
import { flag, listOf, mapFix, namesTo } from './values.ts';

const price = v.pipe(
  v.number(expected('a price per node-hour', 'write a number such as 0.112')),
  v.finite(complaint('not a price', 'write a number such as 0.112')),
  v.minValue(0, complaint('a price below 0', 'write what one node costs in an hour, 0 or more')),
  v.maxValue(100_000, complaint('a price above 100,000', 'write what one node costs in an hour')),
);

const currency = v.pipe(
  v.string(expected('a currency', 'write its three letters: EUR')),
  v.regex(/^[A-Z]{3}$/u, complaint('not a currency', 'write its three letters as ISO 4217 has them: EUR, PLN, USD')),
);

export const prices = v.strictObject(
  {
    currency: need(currency, { says: 'The currency of all prices, as in ISO 4217.', type: 'EUR, PLN, …' }),
    flavors: may(namesTo('prices', price), {
      says: 'The price of a node per hour, by the name of its machine spec.',
      type: 'map of numbers',
    }),
    default: may(price, {
      says: 'The price per hour of a node of any other machine spec.',
      type: 'number',
      absent: 'none; sums with a pool without a price are not shown',
    }),
  },
  expected('a map of prices', mapFix),
);

/** A host name or an IPv4 address, without a port. */
const host = v.pipe(
  v.string(expected('a host name', 'write lamplighter.example.org')),
  v.regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/u,
    complaint('not a host name', 'write it without http:// and without a port: lamplighter.example.org'),
  ),
);

export const page = v.strictObject(
  {
    allow: may(flag, {
      says: 'Show the page to everybody who can reach `listen`: for a proxy in front of it that does the sign-in.',
      type: 'boolean',
      default: false,
    }),
    hosts: may(listOf('host names', host), {
      says: 'The host names that the proxy uses; any other is refused.',
      type: 'list of names',
      absent: 'localhost, 127.0.0.1, [::1] and the address of `listen`',
    }),
  },
  expected('a map of page keys', mapFix),
);
