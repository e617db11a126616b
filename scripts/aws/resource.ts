/** One resource of a CloudFormation template. */
export type Resource = {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: 'Retain';
  readonly UpdateReplacePolicy?: 'Retain';
  readonly Properties: { readonly [name: string]: unknown };
};

export type Resources = { readonly [logicalId: string]: Resource };

/** `${self:service}-${sls:stage}` of serverless.yml, which resolves it in generated resources too. */
export const installation = '${self:service}-${sls:stage}';

/** Resources in --param existing are used and not created; `all` = everything that the config names. */
export function isThere(existing: readonly string[], name: string): boolean {
  return existing.includes('all') || existing.includes(name);
}

/** Of what is in this account and region. */
export function arnOf(service: string, name: string): unknown {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${name}` };
}
