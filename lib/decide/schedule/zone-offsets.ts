import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import type { EpochMs } from '../model.ts';

/** From `from` on (until the next one begins), local time = UTC + offsetMs. */
export type OffsetStretch = { readonly from: EpochMs; readonly offsetMs: number };

/** The zone's offsets over [from, to], in order; the first one counts from `from`. `zone` is an IANA name. */
export function zoneOffsets(zone: string, from: EpochMs, to: EpochMs): readonly OffsetStretch[] {
  let moment = ZonedDateTime.create(BigInt(from) * 1_000_000n, zone);
  const stretches = [offsetFrom(moment)];
  for (;;) {
    const next = ZonedDateTime.getTimeZoneTransition(moment, 'next');
    if (next === null || next.epochMilliseconds > to) return stretches;
    moment = next;
    stretches.push(offsetFrom(moment));
  }
}

function offsetFrom(moment: ReturnType<typeof ZonedDateTime.create>): OffsetStretch {
  return { from: moment.epochMilliseconds, offsetMs: ZonedDateTime.offsetNanoseconds(moment) / 1_000_000 };
}
