import { makeSecret, unwrap } from '../secrets/secret.ts';
import { type Destination, jsonHeaders, readStatus, urlOf } from './destination.ts';

/** Alertmanager's own API: POST /api/v2/alerts below the address that is configured. */
export const alertmanager: Destination = {
  address: ({ body }, credentials) => {
    const base = unwrap(urlOf(credentials)).replace(/(?<!\/)\/+$/, '');
    const url = base.endsWith('/api/v2/alerts') ? base : `${base}/api/v2/alerts`;
    return { url: makeSecret(url), headers: jsonHeaders, body };
  },
  classify: (answer) => (answer.status === 200 ? { kind: 'confirmed' } : readStatus(answer)),
};
