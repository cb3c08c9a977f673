import {describe, expect, it} from 'vitest';
import {applyScheduling} from '../../../src/container/scheduling.ts';
import type {Process} from '../../../src/generated/config.ts';
import type {SchedulerAttributes} from '../../../src/native.ts';
import {syscallError, throwing} from './fakes.ts';

const fifo: Pick<Process, 'scheduler'> = {
  scheduler: {policy: 'SCHED_FIFO', priority: 9, flags: ['SCHED_FLAG_RESET_ON_FORK']},
};
const inForce: SchedulerAttributes = {policy: 1, flags: 1, nice: 0, priority: 9, runtime: 0n, deadline: 0n, period: 0n};
const deadline: Pick<Process, 'scheduler'> = {
  scheduler: {policy: 'SCHED_DEADLINE', runtime: 1n, deadline: 2n ** 60n + 1n, period: 2n ** 61n},
};

/** A kernel with this state, or that throws; and what it was asked for. */
function kernel(state: {got?: Partial<SchedulerAttributes>; io?: number; error?: Error}) {
  const asked: unknown[] = [];
  const set = (...call: unknown[]): void => {
    if (state.error !== undefined) throwing(state.error)();
    asked.push(call);
  };
  return {
    asked,
    setScheduler: set,
    setIoPriority: set,
    getScheduler: () => ({...inForce, ...state.got}),
    getIoPriority: () => state.io ?? 0,
  };
}

describe('scheduler', () => {
  it('is asked for in the numbers of the kernel', () => {
    const native = kernel({});
    applyScheduling(native, fifo, 77);
    expect(native.asked).toEqual([[77, inForce]]);
  });

  it('64-bit numbers stay exact', () => {
    const times = {runtime: 1n, deadline: 2n ** 60n + 1n, period: 2n ** 61n};
    const native = kernel({got: {policy: 6, flags: 0, ...times}});
    applyScheduling(native, deadline, 1);
    expect(native.asked).toMatchObject([[1, times]]);
  });

  it('is nothing without the properties', () => {
    const native = kernel({error: new Error('asked')});
    applyScheduling(native, {}, 1);
  });

  it.each([
    [{policy: 0}, 'policy 0 instead of 1'],
    [{priority: 8}, 'priority 8 instead of 9'],
    [{flags: 0}, 'flags 0 instead of 1'],
  ])('what is not in force afterwards is an error: %o', (got, says) => {
    expect(() => applyScheduling(kernel({got}), fifo, 1)).toThrow(
      `config.json#/process/scheduler: set the scheduling policy SCHED_FIFO: the kernel has it otherwise: ${says}`,
    );
  });

  it.each([
    ['EPERM', fifo, 'it needs CAP_SYS_NICE or RLIMIT_RTPRIO, and on cgroup v1 a share'],
    ['EBUSY', deadline, 'admission control'],
    ['EINVAL', deadline, 'runtime must be at least 1024 ns'],
    [
      'EPERM',
      deadline,
      "it needs CAP_SYS_NICE and all CPUs: the process scheduler can't be used together with AllowedCPUs",
    ],
    ['EINVAL', {scheduler: {policy: 'SCHED_ISO'}}, 'Linux reserves this policy'],
    ['ENOTSUP', {scheduler: {policy: 'SCHED_OTHER'}}, 'CONFIG_UCLAMP_TASK'],
  ] as const)('%s of %o comes with what helps', (code, process, hint) => {
    const native = kernel({error: syscallError(code, 'sched_setattr', '77')});
    const {policy} = process.scheduler as NonNullable<Process['scheduler']>;
    const said = `process.json#/scheduler: set the scheduling policy ${policy}: sched_setattr 77: ${code} (`;
    const attempt = (): void => applyScheduling(native, process, 77, 'process.json#');
    expect(attempt).toThrow(said);
    expect(attempt).toThrow(hint);
  });
});

describe('ioPriority', () => {
  it('is the class and the priority in one number', () => {
    const native = kernel({io: (1 << 13) | 7});
    applyScheduling(native, {ioPriority: {class: 'IOPRIO_CLASS_RT', priority: 7}}, 5);
    expect(native.asked).toEqual([[5, 8199]]);
  });

  it('has the priority 0 when it names none', () => {
    const native = kernel({io: 3 << 13});
    applyScheduling(native, {ioPriority: {class: 'IOPRIO_CLASS_IDLE'}}, 5);
    expect(native.asked).toEqual([[5, 3 << 13]]);
  });

  it('that is not in force afterwards is an error', () => {
    const apply = (): void =>
      applyScheduling(kernel({io: 2 << 13}), {ioPriority: {class: 'IOPRIO_CLASS_BE', priority: 3}}, 5);
    expect(apply).toThrow(
      'config.json#/process/ioPriority: set the I/O priority IOPRIO_CLASS_BE 3: the kernel has it otherwise: class 2, priority 0',
    );
  });

  it('that is refused comes with what helps', () => {
    const native = kernel({error: syscallError('EPERM', 'ioprio_set', '5')});
    const apply = (): void => applyScheduling(native, {ioPriority: {class: 'IOPRIO_CLASS_RT'}}, 5);
    expect(apply).toThrow(/ioprio_set 5: EPERM \(operation not permitted\): IOPRIO_CLASS_RT.* CAP_SYS_NICE$/);
  });
});
