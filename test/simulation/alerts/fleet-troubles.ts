import { silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { makeChance } from '../chance.ts';
import { hourMs, minuteMs } from './alert-scenario.ts';
import type { AlertStage, Wrong } from './stage.ts';

const clusters = ['deva', 'devb', 'proda'] as const;

/** Clusters and pools fail and recover, get stuck, go and come back; dates move; people silence. */
export function letFleetFail(stage: AlertStage): void {
  const { scenario, kernel } = stage;
  const chance = makeChance(scenario.seed, 'fleet');
  const span = scenario.faultsEnd - scenario.start;
  const anyTime = () => Math.floor(scenario.start + 20 * minuteMs + chance.next() * (span - hourMs));
  for (let n = chance.integer(3, 9); n > 0; n -= 1) {
    const cluster = chance.pick(clusters);
    const pool = chance.is(0.4) ? 'build' : undefined;
    const minutes = chance.pick([2, 6, 25, 70, 200, 500, 5000]);
    kernel.at(anyTime(), () => fail(stage, cluster, pool, minutes));
  }
  if (scenario.faults.has('flap')) {
    const cluster = chance.pick(clusters);
    const from = anyTime();
    for (let n = 0; n < 8; n += 1) {
      kernel.at(from + n * 11 * minuteMs, () => fail(stage, cluster, undefined, chance.integer(4, 8)));
    }
  }
  if (scenario.faults.has('stuck'))
    kernel.at(anyTime(), () => stick(stage, chance.pick(clusters), chance.pick([10, 90, 200])));
  if (scenario.faults.has('gone')) kernel.at(anyTime(), () => recreate(stage, chance.pick(clusters)));
  if (scenario.faults.has('eol'))
    for (let n = 0; n < 4; n += 1) kernel.at(anyTime(), () => moveEol(stage, chance.pick([2, 5, 20, 40, 80, 200, 0])));
  if (scenario.faults.has('silence'))
    for (let n = 0; n < 2; n += 1)
      kernel.at(anyTime(), () => silence(stage, chance.pick(clusters), chance.pick([1, 3, 20])));
  if (scenario.faults.has('wipe')) kernel.at(anyTime(), () => wipe(stage));
  if (scenario.faults.has('storm')) kernel.at(scenario.faultsEnd + 3 * hourMs, () => storm(stage));
}

function nextMarker({ wrongs }: AlertStage): string {
  return `mark${wrongs.length + 1}x`;
}

function wrongOf(stage: AlertStage, cluster: string, pool: string | undefined, kind: Wrong['kind']): Wrong | undefined {
  const view = stage.world.clusters().find(({ name }) => name === cluster);
  if (view === undefined || view.status === 'Deleting' || view.status === 'Creating') return undefined;
  const found = view.pools.find(({ name }) => name === pool);
  if (pool !== undefined && found === undefined) return undefined;
  const isSame = (one: Wrong) => one.until === undefined && one.clusterId === view.id && one.pool === pool;
  if (stage.wrongs.some(isSame)) return undefined;
  const from = stage.kernel.now();
  return {
    kind,
    cluster,
    clusterId: view.id,
    pool,
    poolId: found?.id,
    from,
    until: undefined,
    marker: nextMarker(stage),
  };
}

function fail(stage: AlertStage, cluster: string, pool: string | undefined, minutes: number): void {
  const { world, kernel } = stage;
  const wrong = wrongOf(stage, cluster, pool, pool === undefined ? 'cluster.error' : 'pool.error');
  if (wrong === undefined) return;
  stage.wrongs.push(wrong);
  stage.note(`${kernel.now()} ${wrong.kind} of ${cluster} ${pool ?? ''} ${wrong.marker} for ${minutes} min`);
  if (pool === undefined) world.setClusterError(wrong.clusterId, `${wrong.marker} broke`);
  else world.setPoolError(`${wrong.clusterId}/${wrong.poolId}`, `${wrong.marker} broke`);
  kernel.at(kernel.now() + minutes * minuteMs, () => {
    if (wrong.until !== undefined) return;
    wrong.until = kernel.now();
    if (pool === undefined) world.clearClusterError(wrong.clusterId);
    else world.clearPoolError(`${wrong.clusterId}/${wrong.poolId}`);
  });
}

function stick(stage: AlertStage, cluster: string, minutes: number): void {
  const { world, kernel } = stage;
  const wrong = wrongOf(stage, cluster, undefined, 'cluster.stuck');
  if (wrong === undefined) return;
  stage.wrongs.push(wrong);
  world.showClusterStatus(wrong.clusterId, 'Upgrading');
  kernel.at(kernel.now() + minutes * minuteMs, () => {
    if (wrong.until !== undefined) return;
    wrong.until = kernel.now();
    world.showClusterStatus(wrong.clusterId, undefined);
  });
}

function recreate(stage: AlertStage, name: string): void {
  const { world, kernel } = stage;
  const view = world.clusters().find((one) => one.name === name);
  if (view === undefined || view.status === 'Deleting') return;
  world.deleteCluster(view.id);
  stage.gone.push({ cluster: view.id, at: kernel.now() });
  const isInside = ({ clusterId, until }: Wrong) => clusterId === view.id && until === undefined;
  for (const wrong of stage.wrongs.filter(isInside)) wrong.until = kernel.now() + 10 * minuteMs;
  stage.note(`${kernel.now()} ${name} is deleted`);
  kernel.at(kernel.now() + 40 * minuteMs, () => {
    world.createCluster({
      name,
      version: '1.35.0',
      pools: [
        { name: 'workers', size: 3 },
        { name: 'build', size: 2 },
      ],
    });
  });
}

function moveEol(stage: AlertStage, days: number): void {
  const now = stage.kernel.now();
  const at = Math.floor((now + days * 86_400_000) / 1000) * 1000;
  stage.eolChangedAt = now;
  stage.eolDates.add(new Date(at).toISOString().slice(0, 10));
  stage.world.setEol('1.35.0', days === 0 ? '0001-01-01T00:00:00Z' : at);
}

function silence(stage: AlertStage, cluster: string, hours: number): void {
  const from = stage.kernel.now();
  const until = from + hours * hourMs;
  stage.silences.push({ cluster, span: { from, until } });
  const match = { text: cluster, region: undefined, cluster, pool: undefined, exactPool: false };
  const id = `silence-${stage.silences.length}`;
  const scope = { kind: 'match', match } as const;
  void stage.store.plain.commit([
    silenceWrite({ schema: 1, id, scope, until, who: 'somebody@desk', reason: undefined, askedAt: from }),
  ]);
}

function wipe(stage: AlertStage): void {
  stage.wipedAt = stage.kernel.now();
  stage.note(`${stage.kernel.now()} the store is wiped`);
  stage.store.wipe();
}

/** Thirty clusters fail at the same moment. */
function storm(stage: AlertStage): void {
  stage.stormAt = stage.kernel.now();
  for (const { id, name } of stage.world.clusters().filter(({ name }) => name.startsWith('many'))) {
    const marker = nextMarker(stage);
    const wrong = {
      kind: 'cluster.error',
      cluster: name,
      clusterId: id,
      pool: undefined,
      poolId: undefined,
      from: stage.stormAt,
      until: undefined,
      marker,
    } as const;
    stage.wrongs.push({ ...wrong });
    stage.world.setClusterError(id, `${marker} broke`);
  }
}
