/**
 * The config as the program uses it: plain JSON, every name resolved, every date expanded, every glob a regular
 * expression. Made by lib/config (the command line, or the build of the functions), read by everything else.
 */

import type { DestinationKind } from './destination-kind.ts';
import type { Severity } from './finding.ts';
import type { Lead, Schedule, Window } from './schedule.ts';
import type { Size, Term } from './size.ts';
import type { EpochMs, Weekday } from './time.ts';

export type CompiledConfig = {
  readonly schema: 1;
  /** sha256 (hex, 16 characters) of the config's meaning: equal meanings have equal hashes, on every platform. */
  readonly hash: string;
  /** As given by the user, for messages only. */
  readonly file: string;
  /** `timezone`: the zone in which people read times; schedules have their own. */
  readonly zone: string | undefined;
  readonly everyMs: number;
  readonly keepMs: number;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** The most connections at `listen`; absent = the listener's default. */
  readonly maxConnections?: number;
  readonly store: StoreConfig;
  readonly regions: readonly RegionConfig[];
  readonly schedules: readonly Schedule[];
  readonly rules: readonly Rule[];
  readonly exceptions: readonly Exception[];
  readonly safety: SafetyConfig;
  readonly watch: WatchConfig;
  readonly destinations: readonly DestinationConfig[];
  readonly silences: readonly ConfiguredSilence[];
  readonly events: readonly EventSourceConfig[];
  readonly heartbeat: { readonly url: SecretRef; readonly insecure: boolean } | undefined;
  /** Links in announcements, with which people keep pools up; absent = the message shows a command. */
  readonly links?: LinksConfig;
  /** A summary of the week for people; absent = none. */
  readonly digest?: DigestConfig;
  /** Per node-hour; absent = no money is shown. */
  readonly prices?: PricesConfig;
  /** End dates of Kubernetes versions without one from the provider: by "1.35" or "1.35.2". */
  readonly versions?: { readonly [version: string]: { readonly eol: EpochMs } };
  /** Who may open the page from other machines; absent = nobody. */
  readonly page?: PageConfig;
  /**
   * Last local date (YYYY-MM-DD) that every calendar covers, per calendar name; `doctor` warns when it comes near.
   * null = its file, or its list, has no date at all.
   */
  readonly calendarsEnd: { readonly [calendar: string]: string | null };
  /** Calendars at addresses, and the copies that this config was made with; absent = none. */
  readonly remoteCalendars?: readonly RemoteCalendar[];
  /** The line of each match, by its path (`watch.clusters[1]`); configs compiled by older versions may not have it. */
  readonly matchLines?: { readonly [path: string]: number };
  /** The file of each match in an included file. */
  readonly matchFiles?: { readonly [path: string]: string };
};

export type RemoteCalendar = {
  readonly name: string;
  /** Its address; absent if its copy is compiled into functions. */
  readonly address?: SecretRef | { readonly kind: 'plain'; readonly url: string };
  readonly insecure: boolean;
  /** When its copy was fetched; absent = there is none, and its days count as ordinary ones. */
  readonly fetchedAt?: EpochMs;
  /** Why the last fetch failed. */
  readonly problem?: string;
};

export type DigestConfig = {
  /** Names of destinations. */
  readonly to: readonly string[];
  readonly weekday: Weekday;
  /** Since the day's 00:00, in the config's `timezone`, else UTC. */
  readonly seconds: number;
};

export type LinksConfig = {
  /** The public address of `listen` or the function URL; no trailing slash. */
  readonly url: string;
  /** Newest first: the first one signs, all are accepted. */
  readonly secrets: readonly SecretRef[];
  /** The longest time that a link keeps pools up, from their boundary. */
  readonly mostMs: number;
  readonly choices: readonly LinkChoice[];
};

/**
 * For a duration from the boundary, until the next local midnight, or until the schedule raises the pools or says
 * leave.
 */
export type LinkChoice =
  | { readonly kind: 'for'; readonly ms: number }
  | { readonly kind: 'midnight' }
  | { readonly kind: 'night' };

export type PricesConfig = {
  /** ISO 4217, "EUR". */
  readonly currency: string;
  /** By the name of a machine spec ("eo2a.large"). */
  readonly flavors: { readonly [flavor: string]: number };
  readonly default?: number;
};

type PageConfig = {
  /** Everybody who can reach the listener may see it: a proxy in front of it must authenticate people. */
  readonly allow: boolean;
  /** Host names that the proxy uses, besides this machine's own. */
  readonly hosts: readonly string[];
};

/** Where a secret is kept; the value itself never stands in a config. */
export type SecretRef =
  | { readonly kind: 'awsSecret'; readonly name: string; readonly expires?: EpochMs }
  | { readonly kind: 'env'; readonly name: string; readonly expires?: EpochMs }
  | { readonly kind: 'file'; readonly path: string; readonly expires?: EpochMs }
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      /** Variables that it gets beside PATH, HOME and LANG. */
      readonly environment?: readonly string[];
      readonly expires?: EpochMs;
    };

export type RegionConfig = {
  readonly name: string;
  /** Ends with /api/v1, no trailing slash. */
  readonly url: string;
  /** MKS's own name of the region ("WAW4-1"), where the known name tells it. */
  readonly mksRegion: string | undefined;
  readonly token: SecretRef;
};

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'dynamodb'; readonly table: string };

/**
 * One `match`. Each part is the source of a regular expression that must match the whole name (flag `u`).
 * `pool` undefined = the match named clusters only. `exactPool`: neither part holds a glob character. `labels`: what a pool
 * must have beside its name; by key, the source for its whole value.
 */
export type Match = {
  readonly text: string;
  readonly region: string | undefined;
  readonly cluster: string;
  readonly pool: string | undefined;
  readonly exactPool: boolean;
  readonly labels?: { readonly [key: string]: string };
  /** The labels as they were written. */
  readonly labelText?: string;
};

export type SourcePosition = { readonly file: string; readonly line: number };

export type Rule = {
  readonly match: Match;
  readonly position: SourcePosition;
  /** Name in `schedules`, or undefined for `schedule: none` (watched, never touched). */
  readonly schedule: string | undefined;
  readonly base: Size | 'remembered';
  /** undefined only where the schedule never says idle. */
  readonly idle: Size | undefined;
  readonly limits: { readonly min: number; readonly max: number | undefined };
  readonly leases: { readonly max: number | undefined; readonly longestMs: number };
  readonly mode: 'act' | 'observe';
  readonly onHumanChange: 'respect' | 'enforce';
  readonly onRemove: 'restore' | 'leave';
  readonly graceMs: number;
  /** The schedule's lead. */
  readonly lead: Lead;
  /** Who is told before its pools are changed; absent = nobody. No part of what the rule means for sizes. */
  readonly announce?: AnnounceConfig;
  /** sha256 (hex, 16 characters) of what this rule means: itself, its schedule, its exceptions; not its position. */
  readonly hash: string;
};

export type AnnounceConfig = {
  readonly beforeMs: number;
  /** Names of destinations. */
  readonly to: readonly string[];
  /** Before raises as well. */
  readonly raises: boolean;
};

export type Exception = {
  readonly match: Match;
  /** A local date-time (YYYY-MM-DDTHH:MM:SS) is read in the zone of each schedule it changes; a number is absolute. */
  readonly start: string | EpochMs;
  readonly end: string | EpochMs;
  readonly size: Term;
  readonly reason: string | undefined;
  readonly position: SourcePosition;
};

export type SafetyConfig = {
  /** undefined = off. */
  readonly brake: { readonly pools: number; readonly percent: number } | undefined;
  /** Lowers per round and part; undefined = off. */
  readonly maxChangesPerRound: number | undefined;
  readonly minNodesPerCluster: number;
  /** The pool Lamplighter itself lives on. */
  readonly runsOn: Match | undefined;
};

export type WatchConfig = {
  /** Which clusters are watched: all that the regions list, or those that match. */
  readonly clusters: 'all' | readonly Match[];
  readonly stuckAfterMs: number;
  readonly forMs: number;
  readonly clearMs: number;
};

export type DestinationConfig = {
  readonly name: string;
  readonly kind: DestinationKind;
  /** Chats, webhook, Alertmanager: the address. PagerDuty: only where it is not the default. */
  readonly url: SecretRef | { readonly kind: 'plain'; readonly url: string } | undefined;
  /** PagerDuty's routing key. */
  readonly key: SecretRef | undefined;
  /** `webhook` only: signing secrets, newest first. */
  readonly secrets: readonly SecretRef[];
  readonly format: 'json' | 'cloudevents' | 'alertmanager-v4' | 'text';
  /** `email` only: sender and recipients. */
  readonly mail?: MailConfig;
  /** `sns` only: the topic's ARN. */
  readonly topic?: string;
  /** `webhook` only: headers beside our own. */
  readonly headers?: readonly HeaderConfig[];
  readonly only: {
    readonly severity: Severity | undefined;
    readonly kinds: readonly string[] | undefined;
    readonly clusters: readonly Match[] | undefined;
  };
  readonly fallback: string | undefined;
  readonly retired: boolean;
  readonly insecure: boolean;
  /** The zone of the times in its messages: the config's `timezone`, else UTC. */
  readonly zone: string;
  /** Several regions may have the same names, so every text names the region. */
  readonly severalRegions?: true;
  /** The address of the runbooks, one section per kind, to which its alerts link; absent = no links. */
  readonly runbooks?: string;
};

export type MailConfig = {
  readonly from: string;
  readonly to: readonly string[];
  /** Together with a password, or not at all. */
  readonly user: string | undefined;
  readonly password: SecretRef | undefined;
};

export type HeaderConfig = {
  readonly name: string;
  /** Secrets are references, as everywhere. */
  readonly value: SecretRef | { readonly kind: 'text'; readonly text: string };
};

/** A silence of the config: at the given times (a recurring window) or always, for what matches. */
export type ConfiguredSilence = {
  readonly match: Match;
  readonly kinds: readonly string[] | undefined;
  readonly zone: string;
  /** undefined = always. */
  readonly window: Window | undefined;
  /** Its window opens only on these dates (YYYY-MM-DD, sorted): those of its calendar; absent = on any. */
  readonly dates?: readonly string[];
  /** When it begins; absent = always in force. */
  readonly from?: EpochMs;
  readonly until: EpochMs | undefined;
  readonly reason: string | undefined;
  /** Its place in the config; configs compiled by older versions may not have it. */
  readonly position?: SourcePosition;
};

/** A template such as "prod-{{cluster}}/workers", cut into its parts. */
export type Template = readonly (string | { readonly label: string })[];

export type EventSourceConfig = {
  readonly name: string;
  readonly kind: 'json' | 'cloudevents' | 'alertmanager' | 'eventbridge';
  /** HTTP: signing secrets (Standard Webhooks), or for Alertmanager the bearer secret; newest first. */
  readonly secrets: readonly SecretRef[];
  /** SQS: the queue's name. */
  readonly queue: string | undefined;
  /** Alertmanager: labels that must be equal; EventBridge: an event pattern. */
  readonly when: { readonly [key: string]: unknown } | undefined;
  readonly pool: Template | undefined;
  readonly atLeast: number | undefined;
  readonly forMs: number | undefined;
  /** Pools this source may raise. */
  readonly may: readonly Match[];
  /** The largest size it may ask for. */
  readonly most: number | undefined;
  readonly longestMs: number | undefined;
};
