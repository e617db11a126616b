import { type Destination, jsonHeaders, readStatus, urlOf } from './destination.ts';

/** Mattermost incoming webhooks: 200 and the text "ok". developers.mattermost.com/integrate/webhooks/incoming */
export const mattermost: Destination = {
  address: ({ body }, credentials) => ({ url: urlOf(credentials), headers: jsonHeaders, body }),
  classify: (answer) =>
    answer.status === 200 && answer.body.trim() === 'ok' ? { kind: 'confirmed' } : readStatus(answer),
};
