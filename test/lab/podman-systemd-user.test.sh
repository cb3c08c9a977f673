#!/bin/bash
# lab: --init systemd
# What podman-systemd.test.sh claims, for an ordinary user: the scopes are those of the user's own systemd.
as=(as-lab)
slice=/user.slice/user-1000.slice/user@1000.service/user.slice
prefix=user
. "$(dirname "$0")/podman-systemd.test.sh"
