import { deadLettersSuffix } from '../../lib/config/schema/aws-names.ts';
import type { Resource, Resources } from './resource.ts';

type Template = { readonly Resources: Resources };

/** What of a deployed stack goes on being in it, and the names of the queues, for people. */
export type KeptQueues = { readonly resources: Resources; readonly names: readonly string[] };

/**
 * Queues of event sources that are deployed and that the next template does not have, each with its dead letters and their
 * policies, but for those that somebody let go of by name.
 */
export function keptQueues(deployed: Template, next: Template, letGo: readonly string[]): KeptQueues {
  const queues = Object.entries(deployed.Resources).filter(
    ([id, { Type, Properties }]) =>
      Type === 'AWS::SQS::Queue' &&
      /^Source\w+(?:Queue|DeadLetters)$/u.test(id) &&
      !(id in next.Resources) &&
      !letGo.includes(queueOf(id, Properties)),
  );
  const ids = new Set(queues.map(([id]) => id));
  const policies = Object.entries(deployed.Resources).filter(
    ([id, resource]) => !(id in next.Resources) && isPolicyOf(resource, ids),
  );
  return {
    resources: Object.fromEntries([...queues, ...policies]),
    names: [...new Set(queues.map(([id, { Properties }]) => queueOf(id, Properties)))],
  };
}

/** Dead letters go with their queue. */
function queueOf(id: string, { QueueName }: Resource['Properties']): string {
  const name = String(QueueName);
  return id.endsWith('DeadLetters') ? name.slice(0, -deadLettersSuffix.length) : name;
}

function isPolicyOf({ Type, Properties }: Resource, ids: ReadonlySet<string>): boolean {
  if (Type !== 'AWS::SQS::QueuePolicy') return false;
  const queues = (Properties['Queues'] ?? []) as readonly { readonly Ref?: string }[];
  return queues.some(({ Ref }) => Ref !== undefined && ids.has(Ref));
}
