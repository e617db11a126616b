import type { Message } from './message.ts';

type Look = Pick<Message, 'what' | 'severity'>;

/** A sign that is seen in a list of channels before a word is read. */
export function signOf({ what, severity }: Look): string {
  if (what === 'resolve') return '✅';
  return { critical: '🔴', warning: '🟠', info: '🔵' }[severity];
}

/** 0xRRGGBB. */
export function colourOf({ what, severity }: Look): number {
  if (what === 'resolve') return 0x2e_a0_43;
  return { critical: 0xd7_2b_2b, warning: 0xe0_8a_00, info: 0x2f_6f_d0 }[severity];
}

export function headline({ status, text }: { readonly status: string; readonly text: string }): string {
  return text === '' ? status : `${status}: ${text}`;
}
