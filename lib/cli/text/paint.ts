import { styleText } from 'node:util';
import type { Environment } from '../../io/secrets/env-secret.ts';
import type { Severity } from '../../model/finding.ts';
import type { Output } from '../parts.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours, or the text as it is. */
export type Paint = {
  readonly isOn: boolean;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly red: (text: string) => string;
};

/** Colours only on a terminal that can show them, and never with NO_COLOR (https://no-color.org). */
export function makePaint({ isTerminal }: Pick<Output, 'isTerminal'>, env: Environment): Paint {
  const isOn = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
  const style = (format: Style) => (text: string) => (isOn ? styleText(format, text, { validateStream: false }) : text);
  return {
    isOn,
    bold: style('bold'),
    dim: style('dim'),
    cyan: style('cyan'),
    green: style('green'),
    yellow: style('yellow'),
    red: style('red'),
  };
}

export function colourOf(severity: Severity, paint: Paint): (text: string) => string {
  return { critical: paint.red, warning: paint.yellow, info: paint.dim }[severity];
}
