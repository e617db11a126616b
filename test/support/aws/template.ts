/** A CloudFormation template as tests read it. */
export type TemplateResource = {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: { readonly [name: string]: unknown };
};

export type Template = {
  readonly Resources: { readonly [id: string]: TemplateResource };
  readonly Parameters?: { readonly [name: string]: unknown };
  readonly Outputs?: { readonly [name: string]: unknown };
};

export type Statement = {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly unknown[];
  readonly Principal?: unknown;
  readonly Condition?: unknown;
};

export function ofType(template: Template, type: string): readonly (readonly [string, TemplateResource])[] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** The allowing statements of a role, those of policies attached to it included. */
export function statementsOf(template: Template, role: string): readonly Statement[] {
  const own = (template.Resources[role]?.Properties?.['Policies'] ?? []) as readonly { PolicyDocument: Document }[];
  const attached = ofType(template, 'AWS::IAM::Policy').flatMap(([, { Properties }]) => {
    const roles = (Properties?.['Roles'] ?? []) as readonly { Ref?: string }[];
    return roles.some(({ Ref }) => Ref === role) ? [Properties?.['PolicyDocument'] as Document] : [];
  });
  return [...own.map(({ PolicyDocument }) => PolicyDocument), ...attached].flatMap(({ Statement }) =>
    Statement.map(({ Action, Resource, ...rest }) => ({ ...rest, Action: listOf(Action), Resource: listOf(Resource) })),
  );
}

type Document = {
  readonly Statement: readonly (Omit<Statement, 'Action' | 'Resource'> & {
    readonly Action: string | readonly string[];
    readonly Resource: unknown;
  })[];
};

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return (Array.isArray(value) ? value : [value]) as readonly T[];
}

/** An ARN or name as text, with its references as `<Id>`; what the account decides stays as it is written. */
export function renderValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, inner] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return `<${String(inner)}>`;
  if (name === 'Fn::GetAtt') return `<${listOf(inner as string | readonly string[]).join('.')}>`;
  if (name === 'Fn::Sub') return String(inner);
  return JSON.stringify(value);
}
