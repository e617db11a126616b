/** One resource of a CloudFormation template. */
export type Resource = {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly Properties: { readonly [name: string]: unknown };
};

export type Resources = { readonly [logicalId: string]: Resource };

/** `${self:service}-${sls:stage}` of serverless.yml, which resolves it in generated resources too. */
export const installation = '${self:service}-${sls:stage}';
