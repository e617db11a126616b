import { makeSecret, unwrap } from '../secrets/secret.ts';
import { type Destination, describeStatus, jsonHeaders, readStatus } from './destination.ts';

const eventsUrl = makeSecret('https://events.pagerduty.com/v2/enqueue');

/**
 * PagerDuty Events API v2: 202 = queued there. A 400 about the routing key speaks of the address, any other of the body.
 * developer.pagerduty.com/docs/events-api-v2-overview
 */
export const pagerduty: Destination = {
  address: ({ body }, { url, key }) => {
    if (key === undefined) throw new TypeError('a pagerduty destination has no key');
    return { url: url ?? eventsUrl, headers: jsonHeaders, body: withKey(body, unwrap(key)) };
  },
  classify: (answer) => {
    if (answer.status === 202) return { kind: 'accepted' };
    if (answer.status === 400 && /routing[_ ]key|integration key/i.test(answer.body)) {
      return { kind: 'address-failed', problem: `${describeStatus(answer.status)} (it does not know the routing key)` };
    }
    return readStatus(answer);
  },
};

/** The stored body holds no key: it joins the tree right before it goes out. */
function withKey(body: string, key: string): string {
  return JSON.stringify({ routing_key: key.trim(), ...(JSON.parse(body) as object) });
}
