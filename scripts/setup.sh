#!/bin/bash
# setup.sh build|engines|readers|lab|bench|conformance: makes sure that the Debian packages for building and testing, for the tests with
# real engines, for those of manual and completion, for the lab, for the benchmark, or for the conformance tests are there. As root it installs what is missing; otherwise it says what to install, and fails.
set -euo pipefail

# What shows that a package is there (a program, a file, or a file that is a static program), and the package.
build=(
  make:make
  gcc:gcc
  g++:g++
  python3:python3
  musl-gcc:musl-tools
  clang-format:clang-format
  /usr/include/seccomp.h:libseccomp-dev
  /usr/include/systemd/sd-bus.h:libsystemd-dev
  /usr/include/linux/openat2.h:linux-libc-dev
  static=/bin/busybox:busybox-static
  ps:procps
)
engines=(
  newuidmap:uidmap
  podman:podman
  conmon:conmon
  buildah:buildah
  containerd:containerd
  dockerd:docker.io
  docker-compose:docker-compose
  runc:runc
  crun:crun
  mmdebstrap:mmdebstrap
  iptables:iptables
  ip:iproute2
  script:bsdutils
  unshare:util-linux
  setpriv:util-linux
  catatonit:catatonit
  slirp4netns:slirp4netns
  /usr/lib/podman/netavark:netavark
)
readers=(bash:bash zsh:zsh fish:fish groff:groff-base mandoc:mandoc)
lab=(linux.uml:user-mode-linux qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs setpriv:util-linux)
bench=(runc:runc crun:crun strace:strace unshare:util-linux /bin/busybox:busybox-static)

conformance=(
  go:golang-go
  /usr/share/gocode/src/github.com/opencontainers/runtime-tools/generate:golang-github-opencontainers-runtime-tools-dev
  /usr/share/gocode/src/github.com/google/uuid:golang-github-google-uuid-dev
  /usr/share/gocode/src/github.com/mrunalp/fileutils:golang-github-mrunalp-fileutils-dev
  /usr/share/gocode/src/github.com/syndtr/gocapability:golang-gocapability-dev
  /usr/share/gocode/src/github.com/urfave/cli:golang-github-urfave-cli-dev
  runc:runc
  crun:crun
  unshare:util-linux
)

declare -n needs=${1:?build, engines, readers, lab, bench or conformance}
missing=()
for need in "${needs[@]}"; do
  proof=${need%:*}
  case $proof in
    static=*) [ -e "${proof#*=}" ] && ! ldd "${proof#*=}" >/dev/null 2>&1 ;;
    /*) [ -e "$proof" ] ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$proof" >/dev/null ;;
  esac || missing+=("${need##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

cure="apt-get install --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
  echo "runts: Debian packages are missing; as root run: $cure" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "runts: please install what Debian calls: ${missing[*]}" >&2
  exit 1
fi
echo "installing Debian packages: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { apt-get install -qq -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
# The package lists of a fresh machine may be empty or stale.
install || { apt-get update -qq >>"$log" 2>&1 && install; } || {
  cat "$log" >&2
  echo "runts: installing failed; cure that, or run: $cure" >&2
  exit 1
}
