/**
 * What a role must be allowed on the table, for each method of the store. A transaction needs the actions of its parts;
 * `commit` reads when it must find out whether its own write arrived.
 */
export const dynamoActions = {
  read: ['dynamodb:GetItem'],
  list: ['dynamodb:Query'],
  commit: ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem'],
  close: [],
} as const;
