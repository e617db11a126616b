import type { DestinationConfig } from '../../model/config.ts';
import { renderFormat } from './event.ts';
import { readStatus } from './http-answer.ts';
import { budgetOf, type OtherTarget } from './target.ts';

/** A receiver of one's own: any 2xx is a success, 202 is "taken". Signed when there are secrets (Standard Webhooks). */
export const webhook: OtherTarget = {
  pace: { burst: 20, everyMs: 100 },
  isSigned: true,
  contentType: (format) => contentTypes[format],
  render: (delivery, reader) => renderFormat(delivery, reader, ...budgetOf(delivery)),
  classify: (answer) => {
    if (answer.status === 202) return { kind: 'accepted' };
    if (answer.status >= 200 && answer.status < 300) return { kind: 'confirmed' };
    return readStatus(answer);
  },
};

const json = 'application/json; charset=utf-8';

const contentTypes: { readonly [format in DestinationConfig['format']]: string } = {
  json,
  cloudevents: 'application/cloudevents+json; charset=utf-8',
  'alertmanager-v4': json,
  text: 'text/plain; charset=utf-8',
};
