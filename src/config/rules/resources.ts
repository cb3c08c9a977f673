// Limits that the kernel would refuse with a bare EINVAL, or that mean nothing.
import type {LinuxResources} from '../../generated/config.ts';
import type {Report, Rule} from './rule.ts';

const AT = '/linux/resources';
const UNLIMITED = -1n;
/** How engines written in Go say "unset" where the type is unsigned. */
const UNSET = 2n ** 64n - 1n;

const about = (key: keyof LinuxResources, check: (resources: LinuxResources, report: Report) => void): Rule => ({
  reads: [`${AT}/${key}`],
  check: ({linux}, report) => check(linux?.resources ?? {}, report),
});

const memory = about('memory', ({memory = {}}, report) => {
  for (const key of ['limit', 'reservation', 'swap'] as const) {
    const value = memory[key] ?? 0n;
    if (value < UNLIMITED) report.problem(`${AT}/memory/${key}`, `must be at least -1 (unlimited), got ${value}`);
  }
  const {swappiness = 0n} = memory;
  if (swappiness > 100n && swappiness !== UNSET) {
    report.problem(`${AT}/memory/swappiness`, `must be from 0 to 100, got ${swappiness}`);
  }
});

/** `swap` is memory and swap together; 0 is unset, as in runc. */
const swap = about('memory', ({memory: {limit = 0n, swap = 0n} = {}}, report) => {
  if (swap <= 0n) return;
  if (limit <= 0n) report.problem(`${AT}/memory/swap`, 'unable to set swap limit without memory limit');
  else if (swap < limit) {
    const got = `got ${swap} with a limit of ${limit}`;
    report.problem(`${AT}/memory/swap`, `memory+swap limit should be >= memory limit, ${got}`);
  }
});

/** kernel/sched: 1 ms <= quota, 1 ms <= period <= 1 s, burst <= quota. 0 and negative are unset. */
const cpuTime = about('cpu', ({cpu: {quota = 0n, period = 0n, burst = 0n} = {}}, report) => {
  if (quota > 0n && quota < 1000n) report.problem(`${AT}/cpu/quota`, `must be at least 1000 (1 ms), got ${quota}`);
  if (period !== 0n && (period < 1000n || period > 1000000n)) {
    report.problem(`${AT}/cpu/period`, `must be from 1000 (1 ms) to 1000000 (1 s), got ${period}`);
  }
  if (quota > 0n && burst > quota)
    report.problem(`${AT}/cpu/burst`, `must not be above the quota ${quota}, got ${burst}`);
});

const cpuRealtime = about('cpu', ({cpu: {realtimeRuntime = 0n, realtimePeriod = 0n} = {}}, report) => {
  if (realtimePeriod === 0n || realtimeRuntime <= realtimePeriod) return;
  const message = `must not be above realtimePeriod ${realtimePeriod}, got ${realtimeRuntime}`;
  report.problem(`${AT}/cpu/realtimeRuntime`, message);
});

const cpuIdle = about('cpu', ({cpu: {idle = 0n} = {}}, report) => {
  if (idle !== 0n && idle !== 1n) report.problem(`${AT}/cpu/idle`, `must be 0 or 1, got ${idle}`);
});

const blockWeights = about('blockIO', ({blockIO = {}}, report) => {
  const weights = (pointer: string, {weight = 0, leafWeight = 0}: {weight?: number; leafWeight?: number}): void => {
    for (const [key, value] of Object.entries({weight, leafWeight})) {
      if (value === 0 || (value >= 10 && value <= 1000)) continue;
      report.problem(`${pointer}/${key}`, `must be from 10 to 1000, got ${value}`);
    }
  };
  weights(`${AT}/blockIO`, blockIO);
  for (const [index, device] of (blockIO.weightDevice ?? []).entries()) {
    weights(`${AT}/blockIO/weightDevice/${index}`, device);
  }
});

const devices = about('devices', ({devices = []}, report) => {
  for (const [index, device] of devices.entries()) {
    const pointer = `${AT}/devices/${index}`;
    if (device.access === undefined) report.problem(pointer, 'missing "access": one or more of "r", "w" and "m"');
    for (const key of ['major', 'minor'] as const) {
      const value = device[key] ?? 0n;
      if (value < -1n) report.problem(`${pointer}/${key}`, `must be at least -1 (all), got ${value}`);
    }
  }
});

const unified = about('unified', ({unified = {}}, report) => {
  for (const name of Object.keys(unified)) {
    if (!name.includes('/')) continue;
    report.problem(`${AT}/unified`, `unified resource ${JSON.stringify(name)} must be a file name (no slashes)`);
  }
});

export const resourceRules: readonly Rule[] = [
  memory,
  swap,
  cpuTime,
  cpuRealtime,
  cpuIdle,
  blockWeights,
  devices,
  unified,
];
