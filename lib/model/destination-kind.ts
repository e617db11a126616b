/**
 * The nature of a destination, for the rules of sending. `chat`: people read it; many messages become one, and a
 * message that may have arrived is not repeated soon. `keyed`: it keeps an alert open under a key, so what could not be
 * closed is not sent. `pushed`: it gets everything that is open, again and again, and has no outbox. `events`: a
 * program takes every message on its own.
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
  /** Required keys, and optional ones; all others are refused. */
  readonly needs: readonly OwnKey[];
  readonly may: readonly OwnKey[];
  /** Its address is a secret: whoever knows it can write there, so it is never written in a config. */
  readonly hasSecretAddress?: true;
  /** Absent = HTTP. */
  readonly speaks?: 'smtp' | 'sns';
};

/**
 * Every kind of destination for configs. Schema, errors and sending rules derive from this table. How a kind renders
 * messages and reads answers is in one file of its own, listed in lib/decide/messages/targets.ts.
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

/** A keyed destination keeps an alert open under a key: without a resolve it would stay open for ever. */
export function isKeyed(kind: DestinationKind): boolean {
  return destinationKinds[kind].is === 'keyed';
}

/** A pushed destination gets what is open, not deliveries. */
export function isPushed(kind: DestinationKind): boolean {
  return destinationKinds[kind].is === 'pushed';
}

/** How a kind is written in a config; the table's rows are narrower than what is asked of them. */
export function rulesOf(kind: DestinationKind): Kind {
  return destinationKinds[kind];
}
