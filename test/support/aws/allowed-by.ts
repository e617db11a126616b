import { renderValue, statementsOf, type Template } from './template.ts';

/** What the Lambda service does with the role of a function: logs, its queues, the queue of failures. */
const byTheService = /^(?:logs|sqs):/u;

/** "action resource" for all that a function itself may call. */
export function allowedBy(template: Template, role: string): ReadonlySet<string> {
  const pairs = statementsOf(template, role).flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => `${action} ${nameOf(template, renderValue(resource))}`)),
  );
  return new Set(pairs.filter((pair) => !byTheService.test(pair)));
}

/** The table's, the secret's or the function's own name. */
function nameOf(template: Template, arn: string): string {
  if (arn === '<StateTable.Arn>') return String(template.Resources['StateTable']?.Properties?.['TableName']);
  return /:secret:(.*)-\?{6}$/u.exec(arn)?.[1] ?? /:function:(.*)$/u.exec(arn)?.[1] ?? arn;
}
