#!/bin/bash
# install.sh PREFIX [FINAL]: installs what `make build` and build/.manual have made. Files are copied, the pinned Node too, so nothing leads back here;
# each is moved into place, since the program it replaces may be running.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${1:?}
final=${2:-$prefix} # where it will be, when PREFIX is that of a package in the making
libexec=$prefix/libexec/runts
install -d "$prefix/bin" "$libexec"

put() { # put MODE FILE TARGET
  install -m "$1" "$2" "$3.new"
  mv "$3.new" "$3"
}
put 644 dist/runts.node "$libexec/runts.node"
put 644 dist/runts_seccomp.node "$libexec/runts_seccomp.node"
put 644 dist/runts_systemd.node "$libexec/runts_systemd.node"
put 755 dist/runts-init "$libexec/runts-init"
cmp -s dist/node "$libexec/node" || put 755 dist/node "$libexec/node"
for file in dist/main-* dist/yargs-*; do put 644 "$file" "$libexec/${file#dist/}"; done
put 644 dist/runts.cjs "$libexec/runts.cjs"
put 755 dist/runts "$prefix/bin/runts"

# The resident agent: a script, and units for systemd, with the path of this runts.
install -d "$prefix/lib/systemd/system"
for file in runts-agent runts-agent.socket runts-agent.service; do sed "s|@PREFIX@|$final|g" "service/$file" >"build/$file"; done
put 755 build/runts-agent "$libexec/runts-agent"
for unit in socket service; do put 644 "build/runts-agent.$unit" "$prefix/lib/systemd/system/runts-agent.$unit"; done

share=$prefix/share
install -d "$share/man/man8" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
# Pages of commands that are gone.
rm -f "$share"/man/man8/runts-*.8
for page in build/man/*.8; do put 644 "$page" "$share/man/man8/${page##*/}"; done
put 644 build/completions/runts.bash "$share/bash-completion/completions/runts"
put 644 build/completions/_runts "$share/zsh/site-functions/_runts"
put 644 build/completions/runts.fish "$share/fish/vendor_completions.d/runts.fish"

# The bundle of the version before; a runts that has just started may still be about to read it.
old=()
for file in "$libexec"/main-* "$libexec"/yargs-*; do [ -e "dist/${file##*/}" ] || old+=("$file"); done
[ ${#old[@]} = 0 ] || { sleep 1; rm "${old[@]}"; }
echo "installed $prefix/bin/runts and $libexec"
