import type { FindingKind, NoticeKind, Subject } from '../model.ts';

/** A subject by identity only: ids, never names, since a renamed pool is the same pool and a recreated one is not. */
export function subjectId(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return `region/${subject.region}`;
    case 'cluster':
      return `cluster/${subject.region}/${subject.clusterId}`;
    case 'pool':
      return `pool/${subject.region}/${subject.clusterId}/${subject.poolId}`;
    case 'destination':
      return `destination/${subject.destination}`;
    case 'secret':
      return `secret/${subject.reference}`;
    case 'config':
      return `config/${subject.path}`;
    case 'fleet':
      return 'fleet';
  }
}

/** What identifies an incident: its kind and its subject; never text, counts, severity or time. */
export function incidentKey(kind: FindingKind | NoticeKind, subject: Subject, hash: (text: string) => string): string {
  return hash(`${kind}\n${subjectId(subject)}`);
}

/** The subject in a few words, for reasons and logs. */
export function describeSubject(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return `region ${subject.region}`;
    case 'cluster':
      return `cluster ${subject.cluster}`;
    case 'pool':
      return `pool ${subject.cluster}/${subject.pool}`;
    case 'destination':
      return `destination ${subject.destination}`;
    case 'secret':
      return `secret ${subject.reference}`;
    case 'config':
      return subject.path;
    case 'fleet':
      return 'the fleet';
  }
}
