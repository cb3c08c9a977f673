#!/bin/bash
# Prints the folder of the pinned Node (bin/node, include/node), relative to the project: the npm package node-linux-ARCH.
# The package `node` itself would only run a second, unlocked `npm install` of this very package, which the next npm
# install prunes again; depending on it directly pins it by hash in package-lock.json and needs no install script.
set -euo pipefail
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "runts: no Node is pinned for $(uname -m); runts supports x86_64 and aarch64" >&2; exit 1 ;;
esac
home=node_modules/node-linux-$arch
if [ ! -x "$home/bin/node" ] || [ ! -e "$home/include/node/node_api.h" ]; then
  echo "runts: the pinned Node is missing from $home; run: npm ci" >&2
  exit 1
fi
echo "$home"
