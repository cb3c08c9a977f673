// process.scheduler and process.ioPriority, as chrt, ionice and /proc see them from outside, before and after start.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, runtsOnly, test} from './harness.ts';
import type {ProcessSpec} from './spec.ts';

const WITHOUT_SYS_NICE = ['setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice'];
const REASON = 'runc 1.1 does not know it';
type Scheduler = NonNullable<ProcessSpec['scheduler']>;
type IoPriority = NonNullable<ProcessSpec['ioPriority']>;

/** A running container with these properties; `realtime`: its cgroup has a share of real-time (v1). */
async function running(box: Box, properties: Partial<ProcessSpec>, realtime = false): Promise<{pid: string}> {
  const it = box.container(['/bin/sleep', '100'], (spec) => {
    Object.assign(spec.process, properties);
    if (realtime) spec.linux.resources = {cpu: {realtimeRuntime: 10_000, realtimePeriod: 1_000_000}};
  });
  await it.create();
  await it.start();
  return {pid: String((await it.state()).pid)};
}

/** What chrt, /proc/PID/stat and the kernel's own report say: [policy and priority, nice]. */
async function schedulingOf(box: Box, pid: string): Promise<string> {
  const chrt = await box.host(['chrt', '-p', pid]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, , , , , , , , , , , , , , , , nice] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const lines = chrt.stdout.trimEnd().replace(/^pid \d+'s current (scheduling )?/gm, '');
  return `${lines}\nnice: ${nice}`;
}

describe('scheduler', () => {
  const cases: readonly (readonly [what: string, scheduler: Scheduler, seen: string, realtime?: boolean])[] = [
    ['SCHED_OTHER with a nice value', {policy: 'SCHED_OTHER', nice: 7}, 'policy: SCHED_OTHER\npriority: 0\nnice: 7'],
    [
      'SCHED_OTHER with a negative nice value',
      {policy: 'SCHED_OTHER', nice: -5},
      'policy: SCHED_OTHER\npriority: 0\nnice: -5',
    ],
    ['SCHED_BATCH', {policy: 'SCHED_BATCH', nice: 19}, 'policy: SCHED_BATCH\npriority: 0\nnice: 19'],
    ['SCHED_IDLE', {policy: 'SCHED_IDLE'}, 'policy: SCHED_IDLE\npriority: 0\nnice: 0'],
    ['SCHED_FIFO', {policy: 'SCHED_FIFO', priority: 42}, 'policy: SCHED_FIFO\npriority: 42\nnice: 0', true],
    ['SCHED_RR', {policy: 'SCHED_RR', priority: 1}, 'policy: SCHED_RR\npriority: 1\nnice: 0', true],
    [
      'SCHED_DEADLINE',
      {policy: 'SCHED_DEADLINE', nice: 19, runtime: 42_000, deadline: 1_000_000, period: 2_000_000},
      'policy: SCHED_DEADLINE\npriority: 0\nruntime/deadline/period parameters: 42000/1000000/2000000\nnice: 0',
    ],
    [
      'SCHED_DEADLINE without a period, which is its deadline then',
      {policy: 'SCHED_DEADLINE', runtime: 42_000, deadline: 1_000_000},
      'policy: SCHED_DEADLINE\npriority: 0\nruntime/deadline/period parameters: 42000/1000000/1000000\nnice: 0',
    ],
    [
      'SCHED_FLAG_RESET_ON_FORK',
      {policy: 'SCHED_BATCH', flags: ['SCHED_FLAG_RESET_ON_FORK']},
      'policy: SCHED_BATCH|SCHED_RESET_ON_FORK\npriority: 0\nnice: 0',
    ],
    [
      'flags of SCHED_DEADLINE',
      {
        policy: 'SCHED_DEADLINE',
        runtime: 42_000,
        deadline: 1_000_000,
        flags: ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN'],
      },
      'policy: SCHED_DEADLINE|SCHED_RESET_ON_FORK\npriority: 0\nruntime/deadline/period parameters: 42000/1000000/1000000\nnice: 0',
    ],
    [
      'SCHED_FLAG_KEEP_POLICY, which leaves the policy alone',
      {policy: 'SCHED_BATCH', nice: 3, flags: ['SCHED_FLAG_KEEP_POLICY']},
      'policy: SCHED_OTHER\npriority: 0\nnice: 3',
    ],
    [
      'SCHED_FLAG_KEEP_PARAMS, which leaves the nice value alone',
      {policy: 'SCHED_OTHER', nice: 3, flags: ['SCHED_FLAG_KEEP_PARAMS']},
      'policy: SCHED_OTHER\npriority: 0\nnice: 0',
    ],
  ];
  for (const [what, scheduler, seen, realtime] of cases) {
    runtsOnly(REASON, `scheduler: ${what}`, async (box) => {
      const {pid} = await running(box, {scheduler}, realtime);
      expect(await schedulingOf(box, pid)).toBe(seen);
    });
  }

  runtsOnly(REASON, 'scheduler: is there before the start, and for a user without privileges', async (box) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.process.user = {uid: 1000, gid: 1000};
      spec.process.scheduler = {policy: 'SCHED_BATCH', nice: -3};
    });
    await it.create();
    expect(await schedulingOf(box, String((await it.state()).pid))).toContain('SCHED_BATCH\npriority: 0\nnice: -3');
  });

  test('scheduler: without it everything is as the caller has it', async ({box}) => {
    const it = box.container('cut -d " " -f 19,40,41 /proc/self/stat');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: ['nice', '-n', '4']});
    expect(outcome.stdout).toBe('4 0 0\n');
  });

  runtsOnly(REASON, 'scheduler: a nice value that goes with another policy is a warning', async (box) => {
    const it = box.container('echo ran', (spec) => {
      spec.process.scheduler = {policy: 'SCHED_IDLE', nice: 5};
    });
    expect((await box.runtime(['--log', 'log', 'run', '--bundle', it.dir, it.id])).stdout).toBe('ran\n');
    expect(readFileSync(join(box.dir, 'log'), 'utf8')).toMatch(/level=warning.*\/process\/scheduler\/nice: ignored/);
  });

  const refused: readonly (readonly [string, Scheduler, RegExp, string[]?])[] = [
    ['SCHED_ISO', {policy: 'SCHED_ISO'}, /SCHED_ISO: sched_setattr .*EINVAL .*does not implement it/],
    [
      'real-time without a share of it for the cgroup',
      {policy: 'SCHED_FIFO', priority: 5},
      /SCHED_FIFO: sched_setattr .*EPERM \(operation not permitted\): .*CAP_SYS_NICE.*cpu\.realtimeRuntime/,
    ],
    [
      'a negative nice value without CAP_SYS_NICE',
      {policy: 'SCHED_BATCH', nice: -1},
      /SCHED_BATCH: sched_setattr .*EPERM .*CAP_SYS_NICE or RLIMIT_NICE/,
      WITHOUT_SYS_NICE,
    ],
    [
      'a runtime that is too short',
      {policy: 'SCHED_DEADLINE', runtime: 1000, deadline: 1_000_000},
      /SCHED_DEADLINE: sched_setattr .*EINVAL .*1024 ns/,
    ],
    [
      'utilization clamps',
      {policy: 'SCHED_OTHER', flags: ['SCHED_FLAG_UTIL_CLAMP_MIN']},
      /SCHED_OTHER: sched_setattr .*(ENOTSUP|EOPNOTSUPP) .*CONFIG_UCLAMP_TASK/,
    ],
    [
      'parameters that are not those of the policy to keep',
      {policy: 'SCHED_FIFO', priority: 3, flags: ['SCHED_FLAG_KEEP_POLICY']},
      /SCHED_FIFO: sched_setattr .*EINVAL .*SCHED_FLAG_KEEP_POLICY/,
    ],
    [
      'a policy that the kernel passes over in silence',
      {policy: 'SCHED_BATCH', flags: ['SCHED_FLAG_KEEP_PARAMS']},
      /SCHED_BATCH: the kernel has it otherwise: policy 0 instead of 3/,
    ],
  ];
  for (const [what, scheduler, says, wrapper] of refused) {
    runtsOnly(REASON, `scheduler: refused with the reason: ${what}`, async (box) => {
      const it = box.container(['/bin/true'], (spec) => {
        spec.process.scheduler = scheduler;
      });
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], wrapper ? {wrapper} : {});
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(
        new RegExp(`config\\.json#/process/scheduler: set the scheduling policy ${says.source}`),
      );
      expect(box.leftovers()).toEqual([]);
    });
  }
});

describe('ioPriority', () => {
  const cases: readonly (readonly [IoPriority, string])[] = [
    [{class: 'IOPRIO_CLASS_RT', priority: 3}, 'realtime: prio 3'],
    [{class: 'IOPRIO_CLASS_RT'}, 'realtime: prio 0'],
    [{class: 'IOPRIO_CLASS_BE', priority: 0}, 'best-effort: prio 0'],
    [{class: 'IOPRIO_CLASS_BE', priority: 7}, 'best-effort: prio 7'],
    [{class: 'IOPRIO_CLASS_IDLE'}, 'idle'],
    [{class: 'IOPRIO_CLASS_IDLE', priority: 4}, 'idle'],
  ];
  for (const [ioPriority, seen] of cases) {
    runtsOnly(REASON, `ioPriority: ${ioPriority.class} ${ioPriority.priority ?? ''}`, async (box) => {
      const {pid} = await running(box, {ioPriority});
      expect((await box.host(['ionice', '-p', pid])).stdout.trim()).toBe(seen);
    });
  }

  test('ioPriority: without it there is none', async ({box}) => {
    const {pid} = await running(box, {});
    expect((await box.host(['ionice', '-p', pid])).stdout.trim()).toBe('none: prio 0');
  });

  runtsOnly(REASON, "ioPriority: another user's, without CAP_SYS_NICE, is refused with the reason", async (box) => {
    const it = box.container(['/bin/true'], (spec) => {
      spec.process.ioPriority = {class: 'IOPRIO_CLASS_BE', priority: 1};
      spec.process.user = {uid: 1000, gid: 1000};
    });
    const outcome = await box.runtime(['create', '--bundle', it.dir, it.id], {wrapper: WITHOUT_SYS_NICE});
    expect(outcome.code).toBe(1);
    const what = 'config.json#/process/ioPriority: set the I/O priority IOPRIO_CLASS_BE 1: ioprio_set';
    expect(outcome.stderr).toContain(what);
    expect(outcome.stderr).toMatch(/: EPERM \(operation not permitted\): .*CAP_SYS_NICE/);
    expect(box.leftovers()).toEqual([]);
  });
});
