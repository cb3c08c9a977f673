import {describe, expect, it} from 'vitest';
import type {SeccompAction, SeccompFlag, SeccompOperator} from '../../../src/generated/config.ts';
import {
  filterFlags,
  flagNames,
  hasListener,
  normaliseSeccomp,
  seccompActions,
  seccompArchitectures,
  seccompFlags,
  seccompOperators,
} from '../../../src/plan/seccomp.ts';

const EPERM = 1;
const ENOSYS = 38;
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;

describe('seccomp profile', () => {
  it('is numbers and names only', () => {
    const profile = normaliseSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [
        {names: ['read', 'write'], action: 'SCMP_ACT_ALLOW'},
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{index: 0, value: 0x7e02_0000n, valueTwo: 0n, op: 'SCMP_CMP_MASKED_EQ'}],
        },
        {names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS},
      ],
    });
    expect(profile).toEqual({
      defaultAction: ERRNO | EPERM,
      newerAction: ERRNO | ENOSYS,
      architectures: ['x86_64', 'x86'],
      rules: [
        {entry: 0, names: ['read', 'write'], action: ALLOW, args: []},
        {entry: 1, names: ['clone'], action: ALLOW, args: [{index: 0, op: 7, value: 0x7e02_0000n, valueTwo: 0n}]},
        {entry: 2, names: ['clone3'], action: ERRNO | ENOSYS, args: []},
      ],
      withoutRule: [],
    });
  });

  it('knows the kernel words of all actions', () => {
    const words: [SeccompAction, number][] = [
      ['SCMP_ACT_KILL', 0],
      ['SCMP_ACT_KILL_THREAD', 0],
      ['SCMP_ACT_KILL_PROCESS', 0x8000_0000],
      ['SCMP_ACT_TRAP', 0x0003_0000],
      ['SCMP_ACT_ERRNO', 0x0005_0001],
      ['SCMP_ACT_TRACE', 0x7ff0_0001],
      ['SCMP_ACT_LOG', 0x7ffc_0000],
      ['SCMP_ACT_NOTIFY', 0x7fc0_0000],
      ['SCMP_ACT_ALLOW', 0x7fff_0000],
    ];
    for (const [action, word] of words) expect(normaliseSeccomp({defaultAction: action}).defaultAction).toBe(word);
    expect(words.map(([action]) => action).sort()).toEqual([...seccompActions].sort());
  });

  it('knows the numbers of all operators', () => {
    const numbers: [SeccompOperator, number][] = [
      ['SCMP_CMP_NE', 1],
      ['SCMP_CMP_LT', 2],
      ['SCMP_CMP_LE', 3],
      ['SCMP_CMP_EQ', 4],
      ['SCMP_CMP_GE', 5],
      ['SCMP_CMP_GT', 6],
      ['SCMP_CMP_MASKED_EQ', 7],
    ];
    for (const [op, number] of numbers) {
      const args = [{index: 5, value: 1n, op}];
      const {rules} = normaliseSeccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{names: ['read'], action: 'SCMP_ACT_LOG', args}],
      });
      expect(rules[0]?.args).toEqual([{index: 5, op: number, value: 1n, valueTwo: 0n}]);
    }
    expect(numbers.map(([op]) => op)).toEqual(seccompOperators);
  });

  it('lists what features reports', () => {
    expect(seccompArchitectures).toHaveLength(23);
    expect(seccompFlags).toHaveLength(4);
  });

  it('takes errnoRet, zero too, for ERRNO and TRACE', () => {
    const {defaultAction, rules} = normaliseSeccomp({
      defaultAction: 'SCMP_ACT_TRACE',
      defaultErrnoRet: 0xffff,
      syscalls: [
        {names: ['read'], action: 'SCMP_ACT_ERRNO', errnoRet: 0},
        {names: ['write'], action: 'SCMP_ACT_ERRNO', errnoRet: 4095},
      ],
    });
    expect([defaultAction, ...rules.map(({action}) => action)]).toEqual([0x7ff0_ffff, 0x0005_0000, 0x0005_0fff]);
  });

  it('makes no rule for what is the default anyway, but remembers the names', () => {
    const {rules, withoutRule} = normaliseSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        {names: ['mount', 'umount2'], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM},
        {names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS},
        {names: ['reboot'], action: 'SCMP_ACT_ERRNO'},
      ],
    });
    expect(rules.map(({names}) => names)).toEqual([['clone3']]);
    expect(withoutRule).toEqual(['mount', 'umount2', 'reboot']);
  });

  it('takes KILL and KILL_THREAD for the same', () => {
    const syscalls = [{names: ['mount'], action: 'SCMP_ACT_KILL_THREAD'}] as const;
    expect(normaliseSeccomp({defaultAction: 'SCMP_ACT_KILL', syscalls}).rules).toEqual([]);
  });

  it('splits an entry that checks an argument twice: each condition is enough', () => {
    const {rules} = normaliseSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        {
          names: ['personality'],
          action: 'SCMP_ACT_ALLOW',
          args: [
            {index: 0, value: 0n, op: 'SCMP_CMP_EQ'},
            {index: 0, value: 8n, op: 'SCMP_CMP_EQ'},
            {index: 1, value: 1n, op: 'SCMP_CMP_GT'},
          ],
        },
      ],
    });
    expect(rules.map(({entry, args}) => [entry, args.map(({index, value}) => [index, value])])).toEqual([
      [0, [[0, 0n]]],
      [0, [[0, 8n]]],
      [0, [[1, 1n]]],
    ]);
  });

  it('answers newer system calls with ENOSYS, unless the default action lets them happen', () => {
    for (const action of ['SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO'] as const) {
      expect(normaliseSeccomp({defaultAction: action}).newerAction).toBe(ERRNO | ENOSYS);
    }
    for (const action of ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'] as const) {
      const {defaultAction, newerAction} = normaliseSeccomp({defaultAction: action});
      expect(newerAction).toBe(defaultAction);
    }
  });
});

describe('seccomp filter flags', () => {
  const withSpecAllow = {specAllow: true};

  const notify = {syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}]} as const;

  it('are SPEC_ALLOW when unset and the kernel has it', () => {
    expect(filterFlags({}, withSpecAllow)).toBe(4);
    expect(filterFlags({}, {specAllow: false})).toBe(0);
    expect(filterFlags(notify, withSpecAllow)).toBe(12);
  });

  it('are none when the list is empty', () => {
    expect(filterFlags({flags: []}, withSpecAllow)).toBe(0);
  });

  it('are those listed; TSYNC has no effect, WAIT_KILLABLE_RECV one on notifications only', () => {
    const flags = (...names: string[]) => ({flags: names.map((name) => `SECCOMP_FILTER_FLAG_${name}` as SeccompFlag)});
    expect(filterFlags(flags('LOG', 'SPEC_ALLOW'), withSpecAllow)).toBe(6);
    expect(filterFlags(flags('TSYNC'), withSpecAllow)).toBe(0);
    expect(filterFlags(flags('LOG', 'WAIT_KILLABLE_RECV'), withSpecAllow)).toBe(2);
    expect(filterFlags({...flags('TSYNC', 'WAIT_KILLABLE_RECV'), ...notify}, withSpecAllow)).toBe(40);
  });

  it('tell of a listener exactly when a call is notified', () => {
    expect(hasListener(filterFlags(notify, withSpecAllow))).toBe(true);
    expect(hasListener(filterFlags({syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_LOG'}]}, withSpecAllow))).toBe(
      false,
    );
  });

  it('have names', () => {
    expect(flagNames(0)).toEqual([]);
    expect(flagNames(7)).toEqual([
      'SECCOMP_FILTER_FLAG_TSYNC',
      'SECCOMP_FILTER_FLAG_LOG',
      'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
    ]);
    expect(flagNames(0xffff)).toEqual(seccompFlags);
  });
});
