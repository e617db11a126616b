import type { ListedCluster } from './list-fleet.ts';

/** Words in names of what must not sleep because a stranger's first config guessed so: spared until somebody says otherwise. */
const sparing: ReadonlySet<string> = new Set(
  `prod production prd live main mgmt mgt management manage manager mng system sys kube infra infrastructure core control
  controlplane master platform shared db dbs database databases sql postgres postgresql mysql mariadb mongo mongodb redis
  kafka rabbitmq elastic elasticsearch opensearch cassandra etcd data state stateful statefulset storage store ceph rook
  longhorn minio backup monitoring monitor metrics prometheus grafana loki observability logging logs ingress egress edge
  gateway gw router lb loadbalancer proxy dns network registry vault secrets security auth sso iam keycloak critical`.split(
    /\s+/u,
  ),
);

/** "prodeu", "infra2", "mgmtcluster"; not "product". */
const sparingStarts = /^(?:prod(?!uct(?:s|er)?$|uce)|prd|mgmt|infra|stateful|monitoring|ingress)/u;

/** The word in a pool's or its cluster's name for which `init` leaves it alone; undefined = none. */
export function sparedFor(names: { readonly cluster: string; readonly pool: string }): string | undefined {
  return [names.cluster, names.pool].flatMap(wordsOf).find(isSparing);
}

/** "prod-web2", "prodWeb" and "prod_web" all hold the word "prod". */
function wordsOf(name: string): readonly string[] {
  const cut = name.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase();
  return cut.split(/[^\p{L}]+/u).filter((word) => word !== '');
}

function isSparing(word: string): boolean {
  return sparing.has(word) || sparingStarts.test(word);
}

/** Every pool of the fleet that is left alone for its name, as `cluster/pool`. */
export function sparedPools(fleet: readonly ListedCluster[]): readonly string[] {
  return fleet.flatMap(({ cluster, pools = [] }) =>
    pools
      .filter(({ name }) => sparedFor({ cluster: cluster.name, pool: name }) !== undefined)
      .map(({ name }) => `${cluster.name}/${name}`),
  );
}
