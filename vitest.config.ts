import {existsSync} from 'node:fs';
import {defineConfig} from 'vitest/config';

// What must hold before and after the integration tests: nothing is left behind.
const globalSetup = 'test/integration/global-setup.ts';

// Tests that need the kernel's cgroup v2 run where it is; elsewhere `make test-lab` runs them in its guest.
const elsewhere = existsSync('/sys/fs/cgroup/cgroup.controllers') ? [] : ['test/unit/cgroups/kernel-v2.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './scripts/count-reporter.ts'],
    // Processes, not threads: tests use umask, chdir and the addon.
    pool: 'forks',
    projects: [
      {extends: true, test: {name: 'unit', include: ['test/unit/**/*.test.ts'], exclude: elsewhere}},
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/engines/**/*.test.ts'],
          globalSetup: existsSync(`${import.meta.dirname}/${globalSetup}`) ? [globalSetup] : [],
          // One file after the other: they measure, count processes and look for what is left on the machine.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
