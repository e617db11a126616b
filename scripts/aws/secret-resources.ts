import { secretsOf } from '../../lib/io/destinations/destinations.ts';
import type { CompiledConfig, SecretRef } from '../../lib/model/config.ts';
import type { Resource, Resources } from './resource.ts';

type WithSecrets = Pick<CompiledConfig, 'regions' | 'destinations' | 'heartbeat' | 'events' | 'links'>;

/**
 * Each function may read the secrets it needs, by name: tokens for those that call the API, addresses and keys for the
 * one that tells people, signing secrets for the one that takes events; those of links for both.
 */
export function secretResources(config: WithSecrets): Resources {
  const entries = Object.entries(secretNames(config)).flatMap(
    ([role, names]): readonly (readonly [string, Resource])[] =>
      names.length === 0 ? [] : [[`${role}SecretsPolicy`, policyOf(role, names)]],
  );
  return Object.fromEntries(entries);
}

export type SecretNames = {
  readonly [role in 'ScalePools' | 'WatchClusters' | 'DeliverAlerts' | 'ReceiveEvents']: readonly string[];
};

/** The names in Secrets Manager that each function reads, sorted. */
export function secretNames(config: WithSecrets): SecretNames {
  const tokens = namesOf(config.regions.map(({ token }) => token));
  const destinations = config.destinations.flatMap(secretsOf);
  const links = config.links?.secrets ?? [];
  return {
    ScalePools: tokens,
    WatchClusters: tokens,
    DeliverAlerts: namesOf([...destinations, config.heartbeat?.url, ...links]),
    ReceiveEvents: namesOf([...config.events.flatMap(({ secrets }) => secrets), ...links]),
  };
}

function namesOf(refs: readonly (SecretRef | undefined)[]): readonly string[] {
  const names = refs.flatMap((ref) => (ref?.kind === 'awsSecret' ? [ref.name] : []));
  return [...new Set(names)].sort();
}

function policyOf(role: string, names: readonly string[]): Resource {
  const statement = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: names.map(secretArn) };
  return {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: 'read-secrets',
      Roles: [{ Ref: `${role}Role` }],
      PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
    },
  };
}

/**
 * Secrets Manager appends a hyphen and six characters to a name:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
 */
function secretArn(name: string): { readonly 'Fn::Sub': string } {
  return {
    'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${name}-??????`,
  };
}
