// linux.resources.devices as a list of rules: in order, the last one that speaks of an access decides it, and what no
// rule speaks of is denied. v1/devices.ts and devices-program.ts make the kernel do this.
import {ConfigError} from '../errors.ts';
import type {DeviceCgroup} from '../generated/config.ts';

/** Bits of an access, as in BPF_DEVCG_ACC_*. */
export const MKNOD = 1;
export const READ = 2;
export const WRITE = 4;
export const ANY_ACCESS = MKNOD | READ | WRITE;

export interface DeviceRule {
  readonly allow: boolean;
  /** a: both block and character devices. */
  readonly type: 'a' | 'b' | 'c';
  /** undefined: all. */
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly access: number;
  /** JSON pointer; that of the whole list for the rules that every container has. */
  readonly pointer: string;
}

const AT = '/linux/resources/devices';
const MAX_NUMBER = 2n ** 32n - 1n;

/** What every container may do, after (so: over) the rules of its config: make any node, use the devices that
 * https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#default-devices lists, its terminals
 * (ptmx, pts) and, as engines have come to expect, /dev/net/tun. */
const DEFAULT_RULES: readonly DeviceRule[] = [
  always(undefined, undefined, MKNOD),
  always(undefined, undefined, MKNOD, 'b'),
  always(1, 3), // null
  always(1, 5), // zero
  always(1, 7), // full
  always(1, 8), // random
  always(1, 9), // urandom
  always(5, 0), // tty
  always(5, 2), // ptmx
  always(136, undefined), // pts
  always(10, 200), // net/tun
];

function always(major?: number, minor?: number, access = ANY_ACCESS, type: 'b' | 'c' = 'c'): DeviceRule {
  return {allow: true, type, major, minor, access, pointer: AT};
}

/** The rules of a container: those of its config, then the defaults. A config without any gets the defaults, as in runc. */
export function deviceRules(devices: readonly DeviceCgroup[] = []): DeviceRule[] {
  return [...devices.map(parseRule), ...DEFAULT_RULES];
}

/** "c 1:3 rwm", as in devices.allow (Documentation/admin-guide/cgroup-v1/devices.rst). */
export function ruleText(rule: Pick<DeviceRule, 'type' | 'major' | 'minor' | 'access'>): string {
  const {type, major = '*', minor = '*', access} = rule;
  const letters = `${access & READ ? 'r' : ''}${access & WRITE ? 'w' : ''}${access & MKNOD ? 'm' : ''}`;
  return `${type} ${major}:${minor} ${letters}`;
}

function parseRule(device: DeviceCgroup, index: number): DeviceRule {
  const pointer = `${AT}/${index}`;
  const {allow, type = 'a', access} = device;
  const major = parseNumber(device.major, `${pointer}/major`);
  const minor = parseNumber(device.minor, `${pointer}/minor`);
  return {allow, type, major, minor, access: parseAccess(access, pointer), pointer};
}

// -1 as "all" is not in the specification, but engines write it.
function parseNumber(value: bigint | undefined, pointer: string): number | undefined {
  if (value === undefined || value === -1n) return undefined;
  if (value < 0n || value > MAX_NUMBER) throw new ConfigError([{pointer, message: `${value} is no device number`}]);
  return Number(value);
}

function parseAccess(access: string | undefined, pointer: string): number {
  const bits: Readonly<Record<string, number>> = {r: READ, w: WRITE, m: MKNOD};
  let found = 0;
  for (const letter of access ?? '') found |= bits[letter] ?? 0;
  // Neither "nothing" nor "everything" is a safe guess at what was meant.
  if (found === 0) throw new ConfigError([{pointer: `${pointer}/access`, message: 'must be one or more of "rwm"'}]);
  return found;
}
