import { sign } from '../signing.ts';
import { type Destination, jsonHeaders, readStatus, urlOf } from './destination.ts';

/** A receiver of one's own: any 2xx is a success, 202 is "taken". Signed when there are secrets (Standard Webhooks). */
export function webhook(format: 'json' | 'cloudevents' | 'alertmanager-v4'): Destination {
  const type = format === 'cloudevents' ? 'application/cloudevents+json; charset=utf-8' : jsonHeaders['content-type'];
  return {
    address: ({ id, body, now }, credentials) => {
      const { signing } = credentials;
      const signature = signing.length === 0 ? { 'webhook-id': id } : sign(id, body, signing, now);
      return { url: urlOf(credentials), headers: { ...jsonHeaders, 'content-type': type, ...signature }, body };
    },
    classify: (answer) => {
      if (answer.status === 202) return { kind: 'accepted' };
      if (answer.status >= 200 && answer.status < 300) return { kind: 'confirmed' };
      return readStatus(answer);
    },
  };
}
