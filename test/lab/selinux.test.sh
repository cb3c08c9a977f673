#!/bin/bash
# SELinux: labels of programs, of their keyrings and of mounts, under the smallest policy that has two domains.
# lab: --kernel qemu --append security=selinux --append selinux=1
# shellcheck source=test/lab/checks.sh
. "$(dirname "$0")/checks.sh"
label=user_u:base_r:ctr_t
mount -t selinuxfs selinuxfs /sys/fs/selinux

make_bundle /root/labelled "config.process.noNewPrivileges = false; config.process.selinuxLabel = '$label'; config.process.args = ['cat', '/proc/self/attr/current'];"
message=$(runts run --bundle /root/labelled labelled 2>&1)
equal 'a kernel without a policy is refused' 1 $?
equal 'with the reason' 1 "$(grep -c 'config.json#/process/selinuxLabel: .*selinux is disabled' <<<"$message")"

check 'the policy compiles' checkpolicy -U allow -c 33 -o /tmp/policy "$(dirname "$0")/selinux.conf"
check 'and is loaded' dd if=/tmp/policy of=/sys/fs/selinux/load bs=1M

make_bundle /root/free "config.process.args = ['cat', '/proc/self/attr/current'];"
equal 'without a label the program has that of runts' user_u:base_r:base_t "$(runts run --bundle /root/free free | tr -d '\0')"
equal 'with one it has that' $label "$(runts run --bundle /root/labelled labelled | tr -d '\0')"
make_bundle /root/user "config.process.noNewPrivileges = false; config.process.selinuxLabel = '$label'; config.process.args = ['cat', '/proc/self/attr/current'];
  config.process.noNewPrivileges = false; config.process.user = {uid: 1000, gid: 1000};"
echo 1 >/sys/fs/selinux/enforce
equal 'under enforcement, too, and for an ordinary user' $label "$(runts run --bundle /root/user user | tr -d '\0')"
make_bundle /root/gate "config.process.selinuxLabel = '$label'; config.process.noNewPrivileges = false; config.process.args = ['sleep', '60'];"
check 'run succeeds' runts run --detach --bundle /root/gate gate </dev/null
equal 'an exec has the label of the container' $label "$(runts exec gate cat /proc/self/attr/current | tr -d '\0')"
equal 'or one of its own' user_u:base_r:base_t \
  "$(runts exec --process-label user_u:base_r:base_t gate cat /proc/self/attr/current | tr -d '\0')"
check 'delete succeeds' runts delete --force gate
echo 0 >/sys/fs/selinux/enforce

make_bundle /root/unknown "config.process.selinuxLabel = 'user_u:base_r:nobody_t'; config.process.args = ['true'];"
message=$(runts run --bundle /root/unknown unknown 2>&1)
equal 'a label that the policy does not know is refused' 1 $?
equal 'with the property and the errno' 1 "$(grep -c 'config.json#/process/selinuxLabel: .*EINVAL' <<<"$message")"

make_bundle /root/mounts "config.linux.mountLabel = 'user_u:base_r:secret_t'; config.process.args = ['cat', '/proc/self/mountinfo'];"
equal 'mountLabel is the context of a tmpfs' 1 \
  "$(runts run --bundle /root/mounts mounts | grep ' /dev rw' | grep -c 'context="\?user_u:base_r:secret_t')"

nothing_left lab-test
finish
