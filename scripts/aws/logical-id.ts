/** What can be made for an event source. None of these words is the end of another, so an id has one reading only. */
export type SourcePart =
  | 'Queue'
  | 'QueuePolicy'
  | 'QueueMapping'
  | 'DeadLetters'
  | 'DeadLettersPolicy'
  | 'DeadLettersAlarm'
  | 'Rule'
  | 'RulePermission';

/**
 * The logical id of what a queue or a source of the config gets: "lamplighter-events", Queue → "SourceLamplighterEventsQueue".
 * Two names never give one id, and no id is one of deploy/aws: there, it would silently replace what it is for.
 */
export function sourceId(name: string, part: SourcePart): string {
  return `Source${inLetters(name)}${part}`;
}

/** Logical ids take letters and digits only. A hyphen is a capital; a sign that this cannot say is Z and its code. */
function inLetters(name: string): string {
  return `-${name}`.replace(/-([a-y])|[^a-z0-9]/gu, (sign, letter: string | undefined) =>
    letter === undefined ? `Z${sign.charCodeAt(0).toString(16).padStart(2, '0')}` : letter.toUpperCase(),
  );
}
