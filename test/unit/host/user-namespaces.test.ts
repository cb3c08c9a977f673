// Why there is no user namespace: what no kernel at hand can show is told by its facts.
import {describe, expect, it} from 'vitest';
import {
  type UserNamespaceFacts,
  whyNoMoreUserNamespaces,
  whyNoUserNamespace,
} from '../../../src/host/user-namespaces.ts';

const facts: UserNamespaceFacts = {
  max: 1000,
  switchedOff: false,
  restricted: false,
  nested: false,
  chroot: false,
  filtered: false,
};

describe('ENOSPC', () => {
  it.each([
    [{max: 0}, /^user.max_user_namespaces is 0.*sysctl -w user.max_user_namespaces=15000 .*\/etc\/sysctl.d/],
    [
      {},
      /as many of them as user.max_user_namespaces \(1000\) allows: end some, or raise it: sysctl -w user.max_user_namespaces=2000/,
    ],
    [{nested: true}, /here or in a user namespace around this one, or they are nested too deep/],
    [{max: undefined}, /\(unknown\) allows$/],
  ])('%j', (some, words) => {
    expect(whyNoMoreUserNamespaces({...facts, ...some})).toMatch(words);
  });
});

describe('EPERM', () => {
  it.each([
    [{switchedOff: true}, /^kernel.unprivileged_userns_clone is 0: sysctl -w kernel.unprivileged_userns_clone=1/],
    [{restricted: true}, /AppArmor profile.*"userns,".*sysctl -w kernel.apparmor_restrict_unprivileged_userns=0/],
    [{chroot: true}, /in a chroot/],
    [{filtered: true}, /seccomp filter.*--security-opt seccomp=/],
    [{}, /security module/],
  ])('%j', (some, words) => {
    expect(whyNoUserNamespace({...facts, ...some})).toMatch(words);
  });
});
