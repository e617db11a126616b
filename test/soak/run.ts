/** The single process for months, killed at random. `npm run soak -- --help` says how it is asked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { makeChance } from '../simulation/chance.ts';
import { drawScenario, type FaultClass } from '../simulation/scenario.ts';
import { live } from './live.ts';

const usage = 'npm run soak -- [--months 3] [--from 1] [--days 30] [--clusters 4]   one world a month';

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    months: { type: 'string', default: '3' },
    from: { type: 'string', default: '1' },
    days: { type: 'string', default: '30' },
    clusters: { type: 'string', default: '4' },
  },
});

/** What can go wrong around a process; that it dies, and misses its ticks meanwhile, always does. */
const around: readonly FaultClass[] = [
  'errors',
  'late',
  'resizes',
  'refusals',
  'people',
  'terraform',
  'config',
  'asks',
];

if (values.help) console.log(usage);
else process.exitCode = await soak(Number(values.from), Number(values.months));

async function soak(from: number, months: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-soak-'));
  const script = join(folder, 'kept-process.mjs');
  await bundle(script);
  let violations = 0;
  for (let seed = from; seed < from + months; seed += 1) {
    const faults: readonly FaultClass[] = ['crash', 'ticks', ...drawn(seed)];
    const scenario = drawScenario({ seed, days: Number(values.days), clusters: Number(values.clusters), faults });
    const own = mkdtempSync(join(folder, 'month-'));
    const { sim, kills, rounds } = await live({ scenario, script, folder: own });
    violations += sim.violations.length;
    const { calls, puts, judged, excused } = sim.stats.figures;
    console.log(
      `month ${seed}: every ${scenario.tickMs / 60_000} min; ${faults.slice(2).join(', ') || 'nobody disturbs it'}`,
    );
    console.log(
      `  rounds ${rounds}, kills ${kills}, API calls ${calls}, PUTs ${puts}, pools judged ${judged} times at the end, ${excused} not right and said so; violations ${sim.violations.length}`,
    );
    for (const { at, kind, text } of sim.violations.slice(0, 5))
      console.log(`  ${new Date(at).toISOString()} ${kind}: ${text}`);
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(`${months} months, ${violations} violations`);
  return violations === 0 ? 0 : 1;
}

function drawn(seed: number): readonly FaultClass[] {
  const chance = makeChance(seed, 'soak');
  return around.filter(() => chance.is(0.5));
}

/** One file of JavaScript: it starts several times as fast as the sources, and here it starts often. */
async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'kept-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
}
