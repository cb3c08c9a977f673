# shellcheck shell=bash
# Sourced: images, made of this machine's busybox and of Debian's packages. They are kept for the next time.

# image_cache: the directory for them
image_cache() {
  local cache=${RUNTS_ENGINES_CACHE:-/var/cache/runts-engines}
  mkdir -p "$cache"
  echo "$cache"
}
# make_image NAME: $IMAGES/NAME.tar (as of `docker save`, the image docker.io/library/runts-NAME:latest) and $IMAGES/NAME.layer.tar
make_image() {
  (
    flock 9
    [ -e "$IMAGES/$1.tar" ] && [ "$IMAGES/$1.tar" -nt "$PROJECT/test/engines/lib/images.sh" ] && exit
    dir=$(mktemp -d "$IMAGES/making.XXXXXX")
    trap 'rm -rf "$dir"' EXIT
    echo "making the image $1" >&2
    mkdir "$dir/image"
    "layer_$1" "$dir"
    archive "$dir" "runts-$1"
    mv "$dir/image/layer.tar" "$IMAGES/$1.layer.tar"
    mv "$dir/image.tar" "$IMAGES/$1.tar"
  ) 9>"$IMAGES/$1.lock"
}
# archive DIR NAME: image.tar of image/layer.tar
archive() {
  local digest architecture
  digest=$(sha256sum "$1/image/layer.tar" | cut -d ' ' -f 1)
  architecture=$(dpkg --print-architecture)
  cat >"$1/image/config.json" <<END
{"architecture": "$architecture", "os": "linux", "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}, "history": [{"created_by": "runts"}]}
END
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"docker.io/library/$2:latest\"], \"Layers\": [\"layer.tar\"]}]" \
    >"$1/image/manifest.json"
  tar -C "$1/image" -cf "$1/image.tar" manifest.json config.json layer.tar
}

layer_busybox() {
  local root=$1/root
  mkdir -p "$root"/{bin,etc,proc,sys,dev,root}
  mkdir -m 1777 "$root/tmp"
  cp /bin/busybox "$root/bin/busybox"
  busybox --list | grep -vx busybox | xargs -I{} ln -s busybox "$root/bin/{}"
  echo 'root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/tmp:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:
user:x:1000:
more:x:2000:user' >"$root/etc/group"
  tar -C "$root" --owner=0 --group=0 -cf "$1/image/layer.tar" .
}
# What a Debian machine without a kernel has.
layer_debian() { debian "$1" ''; }
# What the three parts of an application are made of.
layer_application() { debian "$1" mariadb-server,nginx-light,php-fpm,php-mysql,curl,procps; }
# debian DIR PACKAGES
debian() {
  local suite
  suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  TMPDIR=$1 mmdebstrap --quiet --variant=minbase --mode=root --format=tar ${2:+--include="$2"} --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$1/image/layer.tar" >&2
}
