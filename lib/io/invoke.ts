/** What is asked for at once. Losing it costs a tick, nothing else. */
export type Request =
  | { readonly job: 'scale-pools'; readonly only: ClusterName }
  | { readonly job: 'scale-pools'; readonly shard: Shard; readonly dryRun?: true }
  | { readonly job: 'deliver-alerts' };

export type ClusterName = { readonly region: string; readonly cluster: string };

export type Shard = { readonly index: number; readonly count: number };

/** Starts a job elsewhere and does not wait for its end. Never rejects: false = it could not be started. */
export type Invoke = (request: Request) => Promise<boolean>;
