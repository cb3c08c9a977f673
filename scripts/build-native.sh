#!/bin/bash
# build-native.sh [TARGET...]: binding.gyp -> build/Release, with the headers and the JavaScript of the pinned Node.
# Targets: runts, runts_seccomp, runts_systemd, runts-init, launcher; without one, all. Quiet unless it fails; V=1 shows the commands.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD
home=$(scripts/node-home.sh)
# node-gyp lets npm_config_* override its arguments, and npm sets those from the user's npmrc.
unset "${!npm_config_@}" "${!NPM_CONFIG_@}"
# Its make is one of its own, not a part of the one that may have called this.
unset MAKEFLAGS MAKELEVEL MFLAGS

gyp() {
  "$home/bin/node" node_modules/node-gyp/bin/node-gyp.js --nodedir="$PWD/$home" ${V:+--verbose} "$@"
}
build() {
  # The makefiles list the sources: they are made anew when binding.gyp changes, or the set of files.
  local files
  files=$(cat binding.gyp; ls addon/*/*)
  if [ ! -e build/Makefile ] || [ "$files" != "$(cat build/.files 2>/dev/null)" ]; then
    gyp configure && echo "$files" >build/.files
  fi
  gyp build --jobs "$(nproc)" "$@"
}

mkdir -p build
# The makefiles of gyp cannot cope with spaces and the like in paths. From such a place, a copy elsewhere is built.
case $project in
  *[!A-Za-z0-9._/@+=,-]*)
    copy=$(mktemp -d "${TMPDIR:-/tmp}/runts-build.XXXXXX")
    trap 'rm -rf "$copy"' EXIT
    cp -a addon binding.gyp scripts "$copy"
    ln -s "$project/node_modules" "$copy/node_modules"
    mkdir "$copy/build"
    cd "$copy"
    ;;
esac
if [ -n "${V:-}" ]; then
  build "$@"
elif ! build "$@" >"$project/build/native.log" 2>&1; then
  grep -v '^gyp info\|^gyp verb' "$project/build/native.log" >&2
  exit 1
fi
if [ "$PWD" != "$project" ]; then
  mkdir -p "$project/build/Release"
  find build/Release -maxdepth 1 -type f -exec cp -a {} "$project/build/Release/" \;
fi
