import { deadLettersSuffix } from '../../lib/config/schema/aws-names.ts';
import { UsageError } from '../../lib/errors.ts';
import { findNearest, suggest } from '../../lib/model/did-you-mean.ts';
import type { Resource, Resources } from './resource.ts';

type Template = { readonly Resources: Resources };

/** What of a deployed stack goes on being in it, and the names of the queues, for people. */
export type KeptQueues = { readonly resources: Resources; readonly names: readonly string[] };

/**
 * Queues of event sources that are deployed and that the next template does not have, each with its dead letters and their
 * policies, but for those that somebody let go of by name.
 */
export function keptQueues(deployed: Template, next: Template, letGo: readonly string[]): KeptQueues {
  const queues = leaving(deployed, next).filter(({ name }) => !letGo.includes(name));
  const ids = new Set(queues.map(({ id }) => id));
  const policies = Object.entries(deployed.Resources).filter(
    ([id, resource]) => !(id in next.Resources) && isPolicyOf(resource, ids),
  );
  return {
    resources: Object.fromEntries([...queues.map(({ id, resource }) => [id, resource] as const), ...policies]),
    names: [...new Set(queues.map(({ name }) => name))],
  };
}

/**
 * A name with a mistake in it would let nothing go, and nobody would notice. Throws, naming the queue that was probably meant,
 * or those that can go. Once they are gone the name may still be there: resolves to those that let nothing go.
 */
export function checkDropped(dropped: readonly string[], deployed: Template, next: Template): readonly string[] {
  const names = [...new Set(leaving(deployed, next).map(({ name }) => name))];
  const kept = queuesIn(next).map(({ name }) => name);
  const gone = dropped.filter((name) => !names.includes(name));
  const wrong = gone.find((name) => names.length > 0 || findNearest(name, kept) !== undefined);
  if (wrong === undefined) return gone;
  throw new UsageError(
    `dropQueues "${wrong}" is no queue that went from the config: ${suggest(wrong, names.length > 0 ? names : kept)}`,
  );
}

type DeployedQueue = { readonly id: string; readonly resource: Resource; readonly name: string };

/** Of event sources, with their dead letters: deployed, and not in the next template. */
function leaving(deployed: Template, next: Template): readonly DeployedQueue[] {
  return queuesIn(deployed).filter(({ id }) => !(id in next.Resources));
}

function queuesIn({ Resources: resources }: Template): readonly DeployedQueue[] {
  return Object.entries(resources)
    .filter(([id, { Type }]) => Type === 'AWS::SQS::Queue' && /^Source\w+(?:Queue|DeadLetters)$/u.test(id))
    .map(([id, resource]) => ({ id, resource, name: queueOf(id, resource.Properties) }));
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
