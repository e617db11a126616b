import type { Answer } from '../../decide/answer.ts';
import { describeAnswer } from '../../jobs/scale/describe-answer.ts';
import { type Check, checksOf } from './check.ts';

/** What the answer to one PUT of a pool, exactly as it was read, proves. */
export function proofCheck(label: string, answer: Answer<unknown>): Check {
  const { ok, failed, unknown } = checksOf(`pool ${label}`);
  const sent = `one PUT of ${label} exactly as it was read`;
  switch (answer.kind) {
    case 'ok':
      return ok('roles.write', `the token may change node pools: ${sent} was accepted, nothing of it was changed`);
    case 'forbidden':
      return failed(
        'roles.write',
        `the token may not change node pools: ${sent} was refused: ${answer.detail}`,
        'give the token the role to update node pools, or set mode: observe',
      );
    case 'busy':
      return unknown('roles.write', `the service was busy: ${sent} was refused: ${answer.detail}`, 'try again later');
    case 'unknown':
      return unknown(
        'roles.write',
        answer.maybeApplied
          ? `whether ${sent} was accepted is not known; it changes nothing if it was: ${describeAnswer(answer)}`
          : `${sent} did not get through: ${describeAnswer(answer)}`,
        'try again later',
      );
    default:
      return failed(
        'roles.write',
        `${sent} was not accepted: ${describeAnswer(answer)}`,
        'ask the provider, quoting this answer',
      );
  }
}
