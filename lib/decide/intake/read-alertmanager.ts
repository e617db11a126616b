import type { EventSourceConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import {
  fillTemplate,
  ignore,
  isObject,
  type JsonObject,
  type Reading,
  readInstant,
  readText,
  refuse,
  show,
} from './reading.ts';

/**
 * Alertmanager's webhook, version 4 (prometheus.io, "Alerting configuration", webhook_config). A firing alert asks for
 * a lease, a resolved one releases it; the alert's fingerprint identifies the lease. The ask's time is startsAt while
 * the alert fires and endsAt once it is resolved, so a "firing" overtaken by its "resolved" changes nothing. Every
 * repeat of a firing alert moves the lease's end to `for` from now. An alert that fires again after its end keeps its
 * startsAt: see mergeAsk.
 */
export function readAlertmanager(source: EventSourceConfig, body: JsonObject, now: EpochMs): readonly Reading[] {
  if (body.version !== '4') {
    return [
      refuse(
        `version is ${body.version === undefined ? 'missing' : show(body.version)}: only version "4" of Alertmanager's webhook is supported`,
      ),
    ];
  }
  if (!Array.isArray(body.alerts)) return [refuse('alerts is missing: it must be the list of alerts')];
  if (body.alerts.length === 0) return [ignore('the list of alerts is empty')];
  const readings = body.alerts.map((alert: unknown) => readAlert(source, alert, now));
  const leftOut = typeof body.truncatedAlerts === 'number' ? body.truncatedAlerts : 0;
  if (leftOut === 0) return readings;
  return [...readings, ignore(`Alertmanager left out ${leftOut} alerts: raise max_alerts of this receiver`)];
}

function readAlert(source: EventSourceConfig, alert: unknown, now: EpochMs): Reading {
  if (!isObject(alert)) return refuse(`an alert is ${show(alert)}: it must be an object`);
  const labels = isObject(alert.labels) ? alert.labels : {};
  const other = findOtherLabel(source, labels);
  if (other !== undefined) return ignore(`the alert's ${other} does not match source ${source.name}`);
  const key = readText('fingerprint', alert.fingerprint, 128);
  if ('problem' in key) return refuse(key.problem);
  const { atLeast, forMs } = source;
  if (source.pool === undefined || atLeast === undefined || forMs === undefined) {
    return refuse(`source ${source.name} of the config must say pool, atLeast and for: an alert does not`);
  }
  const pool = fillTemplate(source.pool, labels);
  if ('problem' in pool) return refuse(pool.problem);
  const common = {
    kind: 'ask',
    eventId: undefined,
    key: key.value,
    pool: pool.value,
    reason: reasonOf(labels),
  } as const;
  if (alert.status === 'resolved') {
    const time = readInstant('endsAt', alert.endsAt);
    return 'problem' in time ? refuse(time.problem) : { ...common, time: time.value, want: { kind: 'release' } };
  }
  if (alert.status !== 'firing') return refuse(`status is ${show(alert.status)}: it must be firing or resolved`);
  const time = readInstant('startsAt', alert.startsAt);
  if ('problem' in time) return refuse(time.problem);
  return {
    ...common,
    time: time.value,
    want: { kind: 'hold', atLeast, until: now + forMs, from: now, isRepeated: true },
  };
}

/** `when` holds labels that must be equal; a list means any of its values. */
function findOtherLabel(source: EventSourceConfig, labels: JsonObject): string | undefined {
  const wanted = Object.entries(source.when ?? {});
  return wanted.find(([label, value]) => {
    const actual = Object.hasOwn(labels, label) ? labels[label] : undefined;
    return Array.isArray(value) ? !value.includes(actual) : value !== actual;
  })?.[0];
}

function reasonOf(labels: JsonObject): string | undefined {
  const name = readText('alertname', labels.alertname, 200);
  return 'value' in name ? `alert ${name.value}` : undefined;
}
