import type { DestinationConfig } from '../../model/config.ts';
import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import { renderAlertmanagerV4 } from './alertmanager.ts';
import { readStatus } from './answers.ts';
import { renderCloudEvent, renderJson, renderText } from './event.ts';
import { budgetOf, type OtherTarget, type Reader } from './target.ts';

/** A receiver of one's own: any 2xx is a success, 202 is "taken". Signed when there are secrets (Standard Webhooks). */
export const webhook: OtherTarget = {
  pace: { burst: 20, everyMs: 100 },
  isSigned: true,
  contentType: (format) => contentTypes[format],
  render: renderFormat,
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

function renderFormat(delivery: Delivery, { format, name, zone }: Reader): Json {
  switch (format) {
    case 'json':
      return renderJson(delivery, zone, ...budgetOf(delivery));
    case 'cloudevents':
      return renderCloudEvent(delivery, zone, ...budgetOf(delivery));
    case 'alertmanager-v4':
      return renderAlertmanagerV4(delivery, name, zone, ...budgetOf(delivery));
    case 'text':
      return renderText(delivery, zone, ...budgetOf(delivery));
  }
}
