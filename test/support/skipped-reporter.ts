import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/**
 * Says at the end how many tests passed, failed and were skipped, and of the skipped ones why. A test that needs what is
 * not on every machine says so in its own title or in its suite's: "… (skipped: <what is missing>)".
 */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const reasons = new Map<string, number>();
    for (const test of skipped) reasons.set(reasonOf(test), (reasons.get(reasonOf(test)) ?? 0) + 1);
    for (const [reason, times] of reasons) console.log(`skipped ${times}: ${reason}`);
    console.log(`${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  for (let at: TestCase | TestSuite | TestModule = test; 'name' in at; at = at.parent) {
    const found = /\(skipped: (.+)\)$/.exec(at.name)?.[1];
    if (found !== undefined) return found;
  }
  return `${test.fullName} (gives no reason)`;
}
