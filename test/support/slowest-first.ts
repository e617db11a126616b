import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest starts first, so that no worker ends the run alone. In order; everything else comes after. */
const slowest = [
  'simulation/simulation.test.ts',
  'functions/lambda.test.ts',
  'simulation/planted/planted.test.ts',
  'simulation/alerts/alerts.test.ts',
  'journeys/kill.test.ts',
  'journeys/newcomer.test.ts',
  'journeys/alerts.test.ts',
  'schedule/transitions.test.ts',
  'cli/uninstall/uninstall.test.ts',
  'cli/demo.test.ts',
  'cli/asks.test.ts',
];

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = slowest.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index === -1 ? slowest.length : index;
    };
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => place(a) - place(b));
  }
}
