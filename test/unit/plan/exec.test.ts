import {describe, expect, it} from 'vitest';
import {cpuMask, cpuRanges} from '../../../src/config/cpu-list.ts';
import type {Config} from '../../../src/generated/config.ts';
import {CLONE_NEW} from '../../../src/plan/constants.ts';
import {compileExecPlan, type ExecPlanInput} from '../../../src/plan/exec.ts';
import {minimalConfig, minimalInput} from './input.ts';

const {facts, launch, id} = minimalInput;
const input: ExecPlanInput = {
  config: minimalConfig,
  ...{facts, launch, id},
  cgroupFiles: ['/sys/fs/cgroup/pids/web/tasks'],
  join: {pidfd: 20, types: CLONE_NEW.mount | CLONE_NEW.pid},
  noNewKeyring: false,
  preserveFds: 2,
};
const withProcess = (process: Partial<Config['process']>): ExecPlanInput => ({
  ...input,
  config: {...minimalConfig, process: {...minimalConfig.process, ...process}},
});
const names = (from: ExecPlanInput): string[] => compileExecPlan(from).steps.map(({op}) => op);
const seccomp = {program: new Uint8Array(8), flags: 0};

describe('the plan of an exec', () => {
  it('joins, becomes what it is to be, and runs', () => {
    expect(names(input)).toEqual([
      'joinCgroup',
      'cpuAffinity',
      'joinProcess',
      'fork',
      'newSession',
      'sessionKeyring',
      'umask',
      'rlimit',
      'signals',
      'stdioOwner',
      'chdir',
      'boundingSet',
      'user',
      'chdir',
      'capabilities',
      'findExecutable',
      'ready',
      'exec',
    ]);
  });

  it('makes no namespace, and passes on the fds that it is told', () => {
    const {cloneFlags, steps} = compileExecPlan(input);
    expect(cloneFlags).toBe(0);
    expect(steps.at(-1)).toMatchObject({op: 'exec', preserve: 2});
  });

  it('needs no fork in the pid namespace of the runtime', () => {
    expect(names({...input, join: {pidfd: 20, types: CLONE_NEW.mount}})).not.toContain('fork');
  });

  it('takes on the ids of a user namespace between joining and forking', () => {
    const types = CLONE_NEW.mount | CLONE_NEW.pid | CLONE_NEW.user;
    const found = names({...input, join: {pidfd: 20, types}});
    const at = found.indexOf('joinProcess');
    expect(found.slice(at, at + 3)).toEqual(['joinProcess', 'assumeIds', 'fork']);
  });

  it('pins to the initial CPUs before the cgroup, to the final ones after it', () => {
    const {steps} = compileExecPlan(withProcess({execCPUAffinity: {initial: '0', final: '1-2'}}));
    expect(steps.slice(0, 3)).toMatchObject([
      {op: 'cpuAffinity', at: '/process/execCPUAffinity/initial', mask: cpuMask('0')},
      {op: 'joinCgroup'},
      {op: 'cpuAffinity', at: '/process/execCPUAffinity/final', mask: cpuMask('1-2')},
    ]);
  });

  it('gives a process without affinity all CPUs of the container', () => {
    expect(compileExecPlan(input).steps[1]).toMatchObject({op: 'cpuAffinity', mask: new Uint8Array()});
  });

  it('loads the filter late with noNewPrivileges, else before privileges are dropped', () => {
    const late = names({...withProcess({noNewPrivileges: true}), seccomp});
    expect(late.slice(-2)).toEqual(['seccomp', 'exec']);
    const early = names({...input, seccomp});
    expect(early.indexOf('seccomp')).toBeLessThan(early.indexOf('boundingSet'));
  });

  it('opens a terminal of its own, and leaves /dev/console alone', () => {
    const {steps} = compileExecPlan(withProcess({terminal: true, consoleSize: {height: 3, width: 4}}));
    expect(steps.find(({op}) => op === 'console')).toMatchObject({bindConsole: false, height: 3, width: 4});
  });

  it('stays in the keyring of its caller as the container does', () => {
    expect(names({...input, noNewKeyring: true})).not.toContain('sessionKeyring');
  });
});

describe('lists of CPUs', () => {
  it.each([
    ['0', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['0-3,7', [0x8f, 0, 0, 0, 0, 0, 0, 0]],
    [' 1 , 9-10', [2, 6, 0, 0, 0, 0, 0, 0]],
    ['64', [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
    ['', []],
  ])('%j is %j', (list, bytes) => {
    expect([...cpuMask(list)]).toEqual(bytes);
  });

  it.each([
    ['3-1', 'the range 3-1 ends before it begins'],
    [',', '"" is neither a CPU nor a range of CPUs'],
    ['1-', '"1-" is neither'],
    ['0-3:1/2', '"0-3:1/2" is neither'],
    ['8192', 'there is no CPU 8192'],
  ])('%j is an error: %s', (list, message) => {
    expect(() => cpuRanges(list)).toThrow(message);
  });
});
