import {describe, expect, it} from 'vitest';
import {capabilityBit, capabilityNames} from '../../../src/plan/capabilities.ts';
import {compilePlan} from '../../../src/plan/compile.ts';
import {minimalInput, orderOf, stepsNamed, withProcess} from './input.ts';

const seccomp = {program: new Uint8Array(8), flags: 2};
const CHOWN = 1n << 0n;
const KILL = 1n << 5n;
const NET_RAW = 1n << 13n;
const SYS_RESOURCE = 1n << 24n;

describe('capabilities', () => {
  it('have the numbers of the kernel', () => {
    expect(capabilityNames).toHaveLength(41);
    expect(capabilityBit('CAP_CHOWN')).toBe(1n);
    expect(capabilityBit('CAP_SYS_ADMIN')).toBe(1n << 21n);
    expect(capabilityBit('CAP_CHECKPOINT_RESTORE')).toBe(1n << 40n);
    expect(capabilityBit('CAP_NOTHING')).toBeUndefined();
  });

  it('are all dropped when unset', () => {
    expect(stepsNamed(minimalInput, 'boundingSet', 'capabilities')).toEqual([
      {op: 'boundingSet', at: '/process/capabilities/bounding', bounding: 0n},
      {op: 'capabilities', at: '/process/capabilities', effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n},
    ]);
  });

  it('are given set by set', () => {
    const input = withProcess({
      capabilities: {
        bounding: ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_RAW'],
        permitted: ['CAP_CHOWN', 'CAP_KILL'],
        effective: ['CAP_KILL'],
        inheritable: ['CAP_CHOWN'],
        ambient: ['CAP_CHOWN'],
      },
    });
    expect(stepsNamed(input, 'boundingSet', 'capabilities')).toMatchObject([
      {bounding: CHOWN | KILL | NET_RAW},
      {permitted: CHOWN | KILL, effective: KILL, inheritable: CHOWN, ambient: CHOWN},
    ]);
    expect(compilePlan(input).warnings).toEqual([]);
  });

  it('that the host does not have are left out, with one warning', () => {
    const facts = {...minimalInput.facts, boundingSet: ~SYS_RESOURCE & ((1n << 41n) - 1n)};
    const both = ['CAP_KILL', 'CAP_SYS_RESOURCE'] as const;
    const input = withProcess({capabilities: {bounding: both, permitted: both, effective: both}}, {facts});
    expect(stepsNamed(input, 'boundingSet', 'capabilities')).toMatchObject([
      {bounding: KILL},
      {permitted: KILL, effective: KILL},
    ]);
    expect(compilePlan(input).warnings).toEqual([
      'config.json#/process/capabilities: the host cannot grant CAP_SYS_RESOURCE, ignoring',
    ]);
  });

  it('are inheritable only within the bounding set', () => {
    const input = withProcess({
      capabilities: {inheritable: ['CAP_KILL'], permitted: ['CAP_KILL'], ambient: ['CAP_KILL']},
    });
    expect(stepsNamed(input, 'capabilities')).toMatchObject([{inheritable: 0n, ambient: 0n, permitted: KILL}]);
    expect(compilePlan(input).warnings).toEqual([
      'config.json#/process/capabilities/inheritable: CAP_KILL is not in bounding, ignoring',
    ]);
  });

  it('are ambient only when permitted and inheritable', () => {
    const bounding = ['CAP_KILL', 'CAP_CHOWN'] as const;
    const input = withProcess({capabilities: {bounding, permitted: ['CAP_KILL'], ambient: bounding}});
    expect(stepsNamed(input, 'capabilities')).toMatchObject([{ambient: 0n}]);
  });
});

describe('the user', () => {
  it('is root when not told', () => {
    expect(stepsNamed(minimalInput, 'umask', 'user')).toEqual([
      {op: 'umask', at: '/process/user/umask', mask: 0o022},
      {op: 'user', at: '/process/user', uid: 0, gid: 0, groups: []},
    ]);
  });

  it('has its ids everywhere', () => {
    const user = {uid: 4294967294, gid: 7, additionalGids: [8, 9], umask: 0o077};
    expect(stepsNamed(withProcess({user}), 'umask', 'user', 'stdioOwner', 'exec')).toMatchObject([
      {op: 'umask', mask: 0o077},
      {op: 'stdioOwner', at: '/process/user/uid', uid: 4294967294},
      {op: 'user', uid: 4294967294, gid: 7, groups: [8, 9]},
      {op: 'exec', uid: 4294967294},
    ]);
  });
});

describe('rlimits', () => {
  it('RLIMIT_NOFILE is what the caller had', () => {
    expect(stepsNamed(minimalInput, 'rlimit')).toEqual([{op: 'rlimit', at: '', resource: 7, soft: 1024n, hard: 4096n}]);
  });

  it('unless the config has one', () => {
    const rlimits = [
      {type: 'RLIMIT_NOFILE', soft: 5n, hard: 6n},
      {type: 'RLIMIT_RTTIME', soft: 0n, hard: 18446744073709551615n},
    ] as const;
    expect(stepsNamed(withProcess({rlimits}), 'rlimit')).toEqual([
      {op: 'rlimit', at: '/process/rlimits/0', resource: 7, soft: 5n, hard: 6n},
      {op: 'rlimit', at: '/process/rlimits/1', resource: 15, soft: 0n, hard: 18446744073709551615n},
    ]);
  });
});

describe('signals', () => {
  it('are reset', () => expect(stepsNamed(minimalInput, 'signals')).toEqual([{op: 'signals', at: ''}]));
});

describe('seccomp', () => {
  it('with a listener is set while the runtime can send that to the agent', () => {
    const listened = {seccomp: {...seccomp, flags: 8}};
    const late = orderOf(withProcess({noNewPrivileges: true}, listened));
    expect(late.slice(-5)).toEqual(['findExecutable', 'seccomp', 'ready', 'gate', 'exec']);
    expect(late.filter((op) => op === 'seccomp')).toHaveLength(1);
    expect(orderOf({...minimalInput, ...listened})).toEqual(orderOf({...minimalInput, seccomp}));
  });

  it('without no_new_privs is set while init still may', () => {
    const order = orderOf({...minimalInput, seccomp});
    expect(order.indexOf('seccomp')).toBe(order.indexOf('chdir') + 1);
    expect(order.indexOf('seccomp')).toBeLessThan(order.indexOf('boundingSet'));
  });

  it('with it is the last step before the program', () => {
    const input = withProcess({noNewPrivileges: true}, {seccomp});
    expect(orderOf(input).slice(-4)).toEqual(['ready', 'gate', 'seccomp', 'exec']);
    expect(stepsNamed(input, 'noNewPrivileges', 'seccomp')).toEqual([
      {op: 'noNewPrivileges', at: '/process/noNewPrivileges'},
      {op: 'seccomp', at: '/linux/seccomp', ...seccomp},
    ]);
  });
});
