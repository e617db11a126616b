/**
 * What stands at the other end, for the rules of telling. `chat`: people read it; many messages become one, and one that may
 * have arrived is not repeated soon. `keyed`: it holds an alert open under a key, so what could not be closed is not sent.
 * `pushed`: it is sent what is open, again and again, and has no outbox. `events`: a program takes every message by itself.
 */
type Nature = 'chat' | 'keyed' | 'pushed' | 'events';

/** The keys of a destination that not every kind takes. */
export const ownKeys = [
  'url',
  'key',
  'secret',
  'format',
  'headers',
  'from',
  'to',
  'user',
  'password',
  'topic',
] as const;
export type OwnKey = (typeof ownKeys)[number];

type Kind = {
  readonly is: Nature;
  /** Keys that it cannot do without, and others that it may have; what stands in neither is refused. */
  readonly needs: readonly OwnKey[];
  readonly may: readonly OwnKey[];
  /** Who knows the address can write there: it never stands in a config. */
  readonly hasSecretAddress?: true;
  /** Absent = HTTP. */
  readonly speaks?: 'smtp' | 'sns';
};

/**
 * Every kind of destination that a config can name. All else derives from this table: the schema, its errors, the rules of
 * telling. How a kind writes, and what its answers mean, is one file of its own, named in lib/decide/messages/targets.ts.
 */
export const destinationKinds = {
  slack: { is: 'chat', needs: ['url'], may: [], hasSecretAddress: true },
  teams: { is: 'chat', needs: ['url'], may: [], hasSecretAddress: true },
  discord: { is: 'chat', needs: ['url'], may: [], hasSecretAddress: true },
  mattermost: { is: 'chat', needs: ['url'], may: [], hasSecretAddress: true },
  googlechat: { is: 'chat', needs: ['url'], may: [], hasSecretAddress: true },
  ntfy: { is: 'chat', needs: ['url'], may: ['headers'], hasSecretAddress: true },
  email: { is: 'chat', needs: ['url', 'from', 'to'], may: ['user', 'password'], speaks: 'smtp' },
  pagerduty: { is: 'keyed', needs: ['key'], may: ['url'] },
  alertmanager: { is: 'pushed', needs: ['url'], may: [] },
  sns: { is: 'events', needs: ['topic'], may: ['format'], speaks: 'sns' },
  webhook: { is: 'events', needs: ['url'], may: ['secret', 'format', 'headers'] },
} as const satisfies { readonly [kind: string]: Kind };

export type DestinationKind = keyof typeof destinationKinds;

/** The kinds of one nature: `KindOf<'chat'>` is every chat. */
export type KindOf<N extends Nature> = {
  [K in DestinationKind]: (typeof destinationKinds)[K]['is'] extends N ? K : never;
}[DestinationKind];

export function isChat(kind: DestinationKind): kind is KindOf<'chat'> {
  return destinationKinds[kind].is === 'chat';
}

/** Keyed destinations hold an alert open under a key: a message that is never resolved would stay there for ever. */
export function isKeyed(kind: DestinationKind): boolean {
  return destinationKinds[kind].is === 'keyed';
}

/** A pushed destination is sent what is open, not deliveries. */
export function isPushed(kind: DestinationKind): boolean {
  return destinationKinds[kind].is === 'pushed';
}

/** How a kind is written in a config; the table's rows are narrower than what is asked of them. */
export function rulesOf(kind: DestinationKind): Kind {
  return destinationKinds[kind];
}
