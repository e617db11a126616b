import type { EventSourceConfig, Template } from '../../model/config.ts';
import type { Report } from '../collect-problems.ts';
import type { Path } from '../problem.ts';

/**
 * "prod-{{cluster}}/workers" → its pieces. In braces stands a label of the alert, or a field of the bus event
 * (`detail.bucket.name`). What no event can fill is refused here, not when the first one comes. undefined = told.
 */
export function readTemplate(
  text: string,
  kind: EventSourceConfig['kind'] | undefined,
  path: Path,
  report: Report,
): Template | undefined {
  const meant = withOurBraces(text, kind);
  if (meant !== text) {
    report.error(path, `a ${fieldOf(kind)} is not written like this`, `write ${meant}`);
    return undefined;
  }
  const template: (string | { readonly label: string })[] = [];
  for (const piece of text.split(braces).filter((one) => one !== '')) {
    const label = plainName.exec(insideOf(piece) ?? '')?.[0];
    if (label === undefined && /\{\{|\}\}/u.test(piece)) {
      report.error(path, 'a template whose braces contain no name', 'write {{label}}');
      return undefined;
    }
    const never = label === undefined ? undefined : whyNever(label, kind);
    if (never !== undefined) {
      report.error(path, ...never);
      return undefined;
    }
    if (label !== undefined && kind === 'alertmanager') warnOfNewName(label, path, report);
    template.push(label === undefined ? piece : { label });
  }
  return template;
}

const braces = /(\{\{.{0,100}?\}\})/u;
const plainName = /^[A-Za-z_][\w.-]*$/u;

function insideOf(piece: string): string | undefined {
  return piece.startsWith('{{') && piece.endsWith('}}') ? piece.slice(2, -2).trim() : undefined;
}

function fieldOf(kind: EventSourceConfig['kind'] | undefined): string {
  return kind === 'eventbridge' ? 'field' : 'label';
}

/**
 * As names are written here, from what Prometheus, Alertmanager, EventBridge and shells have: {{ $labels.x }},
 * {{ .Labels.x }}, {{ labels.x }}, {{ index .Labels "x" }}, {{ x | toLower }}, [[ x ]], ${x}, $x, {x}, <x>, %x%.
 */
function withOurBraces(text: string, kind: EventSourceConfig['kind'] | undefined): string {
  return text
    .replace(/\[\[([^[\]]{1,100})\]\]/gu, (_, inside: string) => `{{${inside.trim()}}}`)
    .split(braces)
    .map((piece) => {
      const inside = insideOf(piece);
      if (inside === undefined) return withoutOtherSigns(piece);
      const name = nameIn(inside, kind);
      return name === inside || !plainName.test(name) ? piece : `{{${name}}}`;
    })
    .join('');
}

function nameIn(inside: string, kind: EventSourceConfig['kind'] | undefined): string {
  const first = (inside.split('|')[0] ?? '').trim();
  const untrimmed = first.replace(/^-\s/u, '').replace(/\s-$/u, '').trim();
  const quoted = /^(?:index\s)?[$.]{0,2}[a-z.]{0,40}(?:\s|\[)["']([^"']{1,100})["']\]?$/iu.exec(untrimmed)?.[1];
  const bare = quoted ?? untrimmed.replace(/^\$?\.?/u, '');
  if (kind === 'eventbridge') return bare.replace(/^event\./iu, '');
  return bare.replace(/^(?:alerts?(?:\[\d\])?\.)?(?:common|group)?labels\./iu, '');
}

function withoutOtherSigns(text: string): string {
  return text
    .replace(
      /[$%#]\{\s?\.?([a-z_][\w.-]{0,100})\s?\}|\$\(([a-z_][\w.]{0,100})\)|\$\.?([a-z_][\w.]{0,100})/giu,
      '{{$1$2$3}}',
    )
    .replace(
      /(?<!\{)\{\s?([a-z_][\w.-]{0,100})\s?\}(?!\})|<%?=?\s?([a-z_][\w.-]{0,100})\s?%?>|%([a-z_][\w.]{0,100})%/giu,
      '{{$1$2$3}}',
    );
}

type Refusal = readonly [message: string, fix: string];

/** Fields of every event on a bus that are text (docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html). */
const busFields = ['version', 'id', 'detail-type', 'source', 'account', 'time', 'region'];

/** Why no event of this kind has it. */
function whyNever(label: string, kind: EventSourceConfig['kind'] | undefined): Refusal | undefined {
  if (kind === 'eventbridge') return whyNeverOnBus(label);
  const annotation = /^(?:common)?annotations\.(.+)$/iu.exec(label)?.[1];
  if (annotation !== undefined)
    return ['annotations of an alert are not read, only its labels', `make it a label, and write {{${annotation}}}`];
  if (/\.\.|\.$/u.test(label)) return [`no label is called "${label}"`, 'write {{label}}'];
  return undefined;
}

function whyNeverOnBus(label: string): Refusal | undefined {
  const isOfDetail = label.startsWith('detail.');
  if (isOfDetail && !/\.\.|\.$/u.test(label)) return undefined;
  if (isOfDetail || label === 'detail' || label === 'resources')
    return [`"${label}" of a bus event is not text`, 'name a field in it that is, such as {{detail.bucket.name}}'];
  if (busFields.includes(label)) return undefined;
  return [
    `no bus event has a field "${label}" of its own`,
    `write {{detail.${label}}}, or one of ${busFields.join(', ')}`,
  ];
}

/** Before UTF-8 names (Prometheus 3, Alertmanager 0.27), a label had letters, digits and "_" only. */
function warnOfNewName(label: string, path: Path, report: Report): void {
  if (/^\w+$/u.test(label)) return;
  report.warning(
    path,
    `labels with "." or "-" in their name, such as "${label}", exist since Prometheus 3 and Alertmanager 0.27`,
    `is the label called {{${label.replace(/[.-]/gu, '_')}}}?`,
  );
}
