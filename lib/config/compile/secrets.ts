import { resolve } from 'node:path';
import { dayNumber } from '../../decide/schedule/local-time.ts';
import type { SecretRef } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Path } from '../problem.ts';
import type { Salvaged } from '../validate.ts';
import type { Context } from './context.ts';

export type SecretInput = Salvaged<{
  awsSecret?: string;
  env?: string;
  file?: string;
  command?: string[];
  environment?: string[];
  expires?: string;
}>;

const kinds = ['awsSecret', 'env', 'file', 'command'] as const;

/** A secret is kept in exactly one place; in an AWS build that is Secrets Manager. */
export function compileSecret(secret: SecretInput, path: Path, context: Context): SecretRef | undefined {
  const { report, target } = context;
  const given = kinds.filter((kind) => secret[kind] !== undefined);
  const [kind] = given;
  if (kinds.some((one) => report.isTold([...path, one]))) return undefined;
  if (kind === undefined || given.length > 1) {
    const found = kind === undefined ? 'none of them' : given.join(' and ');
    report.error(
      path,
      `a secret is kept in exactly one place, got ${found}`,
      'keep one of awsSecret, env, file, command',
    );
    return undefined;
  }
  if (target === 'aws' && kind !== 'awsSecret') {
    report.error(
      [...path, kind],
      `a secret from ${kind} is not available in AWS Lambda`,
      'keep it in Secrets Manager: { awsSecret: name }',
    );
    return undefined;
  }
  if (kind !== 'command' && secret.environment !== undefined) {
    report.error([...path, 'environment'], `environment is for a command, not for ${kind}`, 'remove it');
  }
  const reference = toReference(secret, kind, path, context);
  const expires = secret.expires === undefined ? undefined : readExpiry(secret.expires, [...path, 'expires'], context);
  return reference && expires !== undefined ? { ...reference, expires } : reference;
}

function toReference(
  secret: SecretInput,
  kind: (typeof kinds)[number],
  path: Path,
  { directoryOf, report }: Context,
): SecretRef | undefined {
  if (kind === 'awsSecret') return { kind, name: secret.awsSecret ?? '' };
  if (kind === 'env') return { kind, name: secret.env ?? '' };
  if (kind === 'file') return { kind, path: resolve(directoryOf(path), secret.file ?? '') };
  const argv = (secret.command ?? []).filter((word) => word !== undefined);
  const environment = secret.environment?.filter((name) => name !== undefined);
  if (argv.length > 0) return { kind, argv, ...(environment === undefined ? {} : { environment }) };
  if (!report.isToldBelow([...path, 'command']))
    report.error([...path, 'command'], 'an empty command', 'write [program, argument]');
  return undefined;
}

/** A date means the start of that day in UTC: in doubt, warn earlier. */
function readExpiry(text: string, path: Path, { report, now }: Context): EpochMs | undefined {
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/u;
  const at = form.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at) && dayNumber(text.slice(0, 10)) !== undefined) {
    if (at <= now)
      report.warning(path, 'by this date the secret is no longer valid', 'renew it, and write its new end');
    return at;
  }
  report.error(path, 'not a date', 'write 2027-03-01, or 2027-03-01T12:00Z');
  return undefined;
}
