#!/bin/bash
# musl-cc.sh OUTPUT SOURCE.c...: compiles and links one static program with musl.
# musl brings the libc headers only. The kernel's own (linux/, asm/) are the system's, made visible through a folder of
# links that holds nothing else: with /usr/include itself, a header that musl lacks would silently be glibc's.
set -euo pipefail
output=$1
shift
root=$(dirname "$0")/..
uapi=$root/build/uapi
if [ ! -e "$uapi/linux" ]; then
  mkdir -p "$uapi"
  ln -sfn /usr/include/linux "$uapi/linux"
  ln -sfn /usr/include/asm-generic "$uapi/asm-generic"
  ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$uapi/asm"
fi
mkdir -p "$(dirname "$output")"
exec musl-gcc -std=gnu11 -Os -static -fno-pie -no-pie -Wall -Wextra -Werror \
  -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -Wl,--gc-sections -Wl,-z,noseparate-code -s \
  -I "$root/addon" -I "$root/addon/core" -idirafter "$uapi" -o "$output" "$@"
