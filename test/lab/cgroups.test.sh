#!/bin/bash
# The cgroup code against a kernel with cgroup v2: the unit tests of it that need one.
# The project is shared read-only: the config is loaded without the temporary file that vitest would write beside it.
cd /src && NO_COLOR=1 exec node node_modules/vitest/vitest.mjs run --configLoader native --project unit \
  --reporter verbose test/unit/cgroups/kernel-v2.test.ts
