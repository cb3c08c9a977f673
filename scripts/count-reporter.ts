// A vitest reporter that leaves "PASSED FAILED SKIPPED" in the file named by RUNTS_COUNTS, for scripts/test.sh to sum up.
// A file that could not be run, and an error outside of any test, count as a failure each.
import {writeFileSync} from 'node:fs';
import type {Reporter, TestModule} from 'vitest/node';

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env['RUNTS_COUNTS'];
    if (file === undefined) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (...wanted: string[]): number => states.filter((state) => wanted.includes(state)).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = count('failed') + broken + unhandledErrors.length;
    writeFileSync(file, `${count('passed')} ${failed} ${count('skipped', 'pending')}\n`);
  }
}
