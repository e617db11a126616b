import type { EpochMs } from '../decide/model.ts';
import { draw, drawUuid } from './chance.ts';
import { timestamp } from './timestamp.ts';
import type { WorldMachineSpec, WorldVersion } from './world-model.ts';

const dayMs = 86_400_000;

/** What a service does not know is sent as a year far away; year 1 (Go's zero time) has been seen too. */
export const unknownEol = '3000-01-01T00:00:00Z';

const versionsByEolDays: readonly (readonly [string, number | undefined])[] = [
  ['1.31.9', -20],
  ['1.32.6', 12],
  ['1.33.4', 75],
  ['1.34.2', 240],
  ['1.35.0', undefined],
];

/** One version past its end of life, one near it, and one whose end nobody knows. */
export function versionCatalogue(seed: number, startedAt: EpochMs): WorldVersion[] {
  return versionsByEolDays.map(([version, eolDays], index) => ({
    id: drawUuid(seed, `version/${version}`),
    version,
    createdAt: startedAt - (400 - index * 60) * dayMs - Math.floor(draw(seed, version) * dayMs),
    eol: eolDays === undefined ? unknownEol : eolText(startedAt + eolDays * dayMs),
    isActive: eolDays === undefined || eolDays > 0,
  }));
}

/** The service keeps midnight of its own zone, which is an hour before midnight UTC. */
export function eolText(at: EpochMs): string {
  return timestamp(Math.floor(at / dayMs) * dayMs - 3_600_000, 0);
}

const specsCreatedAt = Date.UTC(2025, 1, 5, 11, 14, 35);

type SpecRow = readonly [name: string, cpu: number, memoryMb: number, localDiskGb: number, gpu: string];

const specRows: readonly SpecRow[] = [
  ['eo2a.medium', 1, 3816, 16, 'NONE'],
  ['eo2a.large', 2, 7632, 32, 'NONE'],
  ['eo2a.xlarge', 4, 15_264, 64, 'NONE'],
  ['eo2a.2xlarge', 8, 30_528, 128, 'NONE'],
  ['gpu.l40s.large', 16, 122_880, 256, 'L40S'],
];

export const usualFlavor = 'eo2a.large';

export function machineSpecCatalogue(seed: number): readonly WorldMachineSpec[] {
  return specRows.map(([name, cpu, memoryMb, localDiskGb, gpu]) => ({
    id: drawUuid(seed, `machine-spec/${name}`),
    name,
    createdAt: specsCreatedAt,
    updatedAt: specsCreatedAt,
    cpu,
    memoryMb,
    localDiskGb,
    tags: gpu === 'NONE' ? ['control-plane', 'worker'] : ['worker'],
    gpu,
  }));
}
