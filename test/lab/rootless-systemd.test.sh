#!/bin/bash
# lab: --init systemd
# What rootless.test.sh claims, under systemd: the cgroup of the user is a scope that his systemd manager delegates.
. "$(dirname "$0")/rootless.test.sh"
