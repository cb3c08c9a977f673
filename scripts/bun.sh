#!/bin/bash
# bun.sh: makes dist/bun/, the same runts with Bun as its host in place of Node: the bundle is compiled, as bytecode, into one
# program with it. The launcher knows no difference, which is why that program is called node there.
set -euo pipefail
cd "$(dirname "$0")/.."
home=build/bun
mkdir -p "$home"
cp scripts/bun/package.json scripts/bun/package-lock.json "$home"
npm ci --prefix "$home" --no-audit --no-fund >"$home/npm.log" 2>&1 || { cat "$home/npm.log" >&2; exit 1; }
bun=$(echo "$home"/node_modules/@oven/bun-linux-*/bin/bun)
node_modules/.bin/node scripts/bundle.ts bun >"$home/main.cjs"
"$bun" build --compile --bytecode --target=bun --format=cjs --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
  --outfile="$home/runts" "$home/main.cjs" >"$home/compile.log" 2>&1 || { cat "$home/compile.log" >&2; exit 1; }

mkdir -p dist/bun
for file in runts runts-init runts.node runts_seccomp.node; do
  cp "dist/$file" "dist/bun/.$file.new" && mv "dist/bun/.$file.new" "dist/bun/$file"
done
mv "$home/runts" dist/bun/node
echo '// The launcher looks for this file; its content is in the program beside it.' >dist/bun/runts.cjs
