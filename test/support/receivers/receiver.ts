/** Receivers that behave like the targets, faults included; in-process through a fetch, or served over HTTP. */
import type { EpochMs } from '../../../lib/model/time.ts';

export type Received = {
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly at: EpochMs;
};

export type Reply = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
};

/**
 * `answer`: refused with this reply, nothing taken. `lie`: taken as a success, but what is answered is this.
 * `lose`: answered as a success, and nothing taken. `hang`: nothing taken, no answer. `drop`: taken, then the connection
 * breaks. `drop-before`: the connection breaks, nothing taken. `refuse`: no connection at all.
 */
export type ReceiverFault =
  | { readonly kind: 'answer'; readonly reply: Reply }
  | { readonly kind: 'lie'; readonly reply: Reply }
  | { readonly kind: 'lose' | 'hang' | 'hang-after' | 'drop' | 'drop-before' | 'refuse' };

/** What comes out: a reply, silence, a broken connection, or none. */
export type Effect = { readonly kind: 'reply'; readonly reply: Reply } | { readonly kind: 'hang' | 'drop' | 'refuse' };

/** The rules of one target: takes a request, or refuses it, and keeps what it has. */
export type TargetRules = { readonly take: (request: Received) => Reply; readonly success: Reply };

export type Receiver = {
  readonly receive: (request: Received) => Effect;
  /** Every request that got as far as the target, in order. */
  readonly requests: readonly Received[];
  /** Decides each request by its number, from 0. */
  faults: ((ordinal: number, request: Received) => ReceiverFault | undefined) | undefined;
};

export function makeReceiver(rules: TargetRules): Receiver {
  const requests: Received[] = [];
  let ordinal = 0;
  const receiver: Receiver = {
    requests,
    faults: undefined,
    receive: (request) => {
      const fault = receiver.faults?.(ordinal, request);
      ordinal += 1;
      if (fault?.kind !== 'refuse') requests.push(request);
      return effectOf(rules, request, fault);
    },
  };
  return receiver;
}

function effectOf(rules: TargetRules, request: Received, fault: ReceiverFault | undefined): Effect {
  switch (fault?.kind) {
    case undefined:
      return { kind: 'reply', reply: rules.take(request) };
    case 'answer':
      return { kind: 'reply', reply: fault.reply };
    case 'lie':
      rules.take(request);
      return { kind: 'reply', reply: fault.reply };
    case 'lose':
      return { kind: 'reply', reply: rules.success };
    case 'hang':
      return { kind: 'hang' };
    case 'hang-after':
      rules.take(request);
      return { kind: 'hang' };
    case 'drop':
      rules.take(request);
      return { kind: 'drop' };
    case 'drop-before':
      return { kind: 'drop' };
    case 'refuse':
      return { kind: 'refuse' };
  }
}
