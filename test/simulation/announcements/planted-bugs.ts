import type { Plantable } from '../planted/plant.ts';

export type PlantedAnnouncementBug = Plantable & { readonly hunt: 'announcements' | 'links' };

function bug(
  hunt: PlantedAnnouncementBug['hunt'],
  name: string,
  ...changes: readonly (readonly [file: string, find: string, replace: string])[]
): PlantedAnnouncementBug {
  return { name, hunt, changes: changes.map(([file, find, replace]) => ({ file: `lib/${file}`, find, replace })) };
}

export const plantedAnnouncementBugs: readonly PlantedAnnouncementBug[] = [
  bug('announcements', 'what is told late counts as told in time', [
    'decide/announcing/step-announcements.ts',
    'starts - now < announce.beforeMs ?',
    'starts - now < 0 ?',
  ]),
  bug('announcements', 'what was taken back still counts as told', [
    'decide/announcing/unannounced.ts',
    "told.filter(({ ended }) => ended === undefined || ended.how === 'late')",
    'told.filter(({ by }) => by !== 0)',
  ]),
  bug('announcements', 'each tick announces anew', [
    'decide/announcing/step-announcements.ts',
    'open.find((one) => keyOf(one) === key)',
    'open.find((one) => keyOf(one) === `${key}x`)',
  ]),
  bug(
    'announcements',
    'nothing is taken back',
    ['decide/announcing/judge-announced.ts', 'if (open.length === 0) return [];', 'if (open.length >= 0) return [];'],
    ['decide/announcing/announcement.ts', 'lateAfterMs = 2 * hourMs', 'lateAfterMs = 200 * hourMs'],
  ),
  bug('announcements', 'what happened is forgotten by the next round', [
    'decide/announcing/judge-announced.ts',
    "before.filter(({ how }) => how === 'done')",
    "before.filter(({ how }) => how === 'late')",
  ]),
  bug('announcements', 'nothing is said of a rule that left, once its cluster is not read any more', [
    'decide/announcing/judge-announced.ts',
    'if (isUnread(book, seen)) return undefined;',
    'if (seen.pools === undefined) return undefined;',
  ]),
  bug('announcements', 'announcements are followed only while a rule announces', [
    'decide/watching/scale-findings.ts',
    'isFollowing === true || coming !== undefined || verdicts !== undefined',
    'isFollowing === true && coming !== undefined && verdicts !== undefined',
  ]),
  bug('announcements', 'labels that an answer leaves out are taken for none', [
    'decide/announcing/unannounced.ts',
    'seen && withAskedLabels(seen, book).pools',
    'seen && withAskedLabels(seen, { ...book, labelKeys: new Set() }).pools',
  ]),
  bug('links', 'a GET keeps', ['io/listen/keep-page.ts', '(link) => parts.look(link)', '(link) => parts.keep(link)']),
  bug('links', 'nobody looks at the signature', [
    'io/listen/keep-page.ts',
    'return isSigned ? readKeepLink',
    "return isSigned || text !== '' ? readKeepLink",
  ]),
  bug('links', 'a link opened again revives what was released', [
    'jobs/accept/keep-up.ts',
    'time: saidAt,',
    'time: Math.max(now, saidAt),',
  ]),
];
