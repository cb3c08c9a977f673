#!/bin/bash
# npm.sh: installs the npm packages that package-lock.json pins, unless they are there, and checks that the pinned Node runs.
set -euo pipefail
cd "$(dirname "$0")/.."
installed=node_modules/.installed-lock.json
runs() { node_modules/.bin/node --version >/dev/null 2>&1; }

if ! cmp -s package-lock.json "$installed" || ! runs; then
  command -v npm >/dev/null || { echo 'runts: npm is missing; install Node.js 22 or newer together with npm' >&2; exit 1; }
  echo 'installing npm packages' >&2
  npm ci --loglevel=error --no-audit --no-fund --no-update-notifier >build/npm.log 2>&1 || { cat build/npm.log >&2; exit 1; }
  cp package-lock.json "$installed"
fi
home=$(scripts/node-home.sh)
runs || {
  echo "runts: the pinned Node does not run on this system:" >&2
  "$home/bin/node" --version >&2 || :
  echo 'it needs glibc 2.28, libstdc++6 and libatomic1' >&2
  exit 1
}
