#!/bin/bash
# validation-programs.sh: builds the validation programs of OCI runtime-tools into build/validation/bin. Debian's package of it
# leaves them out, its source package has them: fetched with apt, which checks signatures, into build/validation, of one
# version. Go and all that they import are of Debian, but for the package in test/conformance/tap.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=trixie
package=golang-github-opencontainers-runtime-tools
version=0.9.0.109.ge931285
revision=1
sha256=203989a1ea98cf2aaced79155bbda09270b20db19b03376dde91ab12e5e6a0fe
home=$PWD/build/validation
tarball=$home/${package}_$version.orig.tar.xz
checked() { echo "$sha256  $tarball" | sha256sum --check --status 2>/dev/null; }

# With sources and lists of its own: those of the machine stay as they are.
apt_get() {
  apt-get -qq -o Dir::Etc::SourceList="$home/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$home/apt/lists" -o Dir::Cache="$home/apt/cache" -o APT::Sandbox::User=root "$@"
}
fetch() {
  local mirror
  mkdir -p "$home"/apt/{lists,cache/archives}/partial
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages' | sed 1q)
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" \
    >"$home/apt/sources.list"
  echo 'fetching the validation programs of OCI runtime-tools' >&2
  (cd "$home" && apt_get update && apt_get source --download-only --tar-only "$package=$version-$revision") >&2
  checked || { echo "runts: $tarball is not what was expected" >&2; exit 1; }
}

checked || fetch
tree=$home/go/src/github.com/opencontainers/runtime-tools
tap=$home/go/src/github.com/mndrix/tap-go
rm -rf "$home/go" "$home/bin"
mkdir -p "$tree" "$tap" "$home/bin"
tar -xf "$tarball" -C "$tree" --strip-components=1
cp test/conformance/tap/tap.go "$tap"
cp "$tree"/rootfs-*.tar.gz "$home/bin"
export GO111MODULE=off GOFLAGS= GOCACHE=$PWD/build/go-cache GOPATH=$home/go:/usr/share/gocode
cd "$tree"
go build -o "$home/bin/" ./validation/...
# It runs inside containers.
CGO_ENABLED=0 go build -o "$home/bin/runtimetest" ./cmd/runtimetest
