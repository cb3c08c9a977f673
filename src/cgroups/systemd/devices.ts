// Device rules as properties of the unit, on cgroup v1 only. There systemd opens every device to a unit without rules
// whenever it writes its limits anew, so it has to know them. On v2 it leaves the programs of others alone, and one of its
// own beside ours could only take away what ours allows.
import type {CgroupWrite} from '../write.ts';
import {type Property, text} from './property.ts';

/** "c 136" -> "pts", the name of /proc/devices. */
export type DeviceNames = ReadonlyMap<string, string>;

/** The text of /proc/devices: lines of number and name under a heading for each type. */
export function parseDeviceNames(text: string): DeviceNames {
  const names = new Map<string, string>();
  let type = 'c';
  for (const line of text.split('\n')) {
    if (line.startsWith('Block')) type = 'b';
    const [, major, name] = /^\s*(\d+)\s+(\S+)$/.exec(line) ?? [];
    // Several drivers may share a number: the first one stands for it.
    if (major !== undefined && name !== undefined && !names.has(`${type} ${major}`))
      names.set(`${type} ${major}`, name);
  }
  return names;
}

/** Of the writes to devices.allow and devices.deny. Nothing, when these forbid single devices: systemd knows only what is allowed. */
export function deviceProperties(writes: readonly CgroupWrite[], names: DeviceNames): Property[] {
  const [first, ...exceptions] = writes;
  if (first?.file !== 'devices.deny') return [];
  const allowed = exceptions.flatMap(({value}) => {
    const [type = '', numbers = '', access = ''] = value.split(' ');
    const device = deviceName(type, numbers, names);
    return device === undefined ? [] : [[device, access]];
  });
  return [
    ['DevicePolicy', text('strict')],
    ['DeviceAllow', {signature: 'a(ss)', value: allowed}],
  ];
}

/** Undefined: systemd has no way to say it, or no driver has such a device at present. */
function deviceName(type: string, numbers: string, names: DeviceNames): string | undefined {
  const [major = '*', minor = '*'] = numbers.split(':');
  const kind = type === 'b' ? 'block' : 'char';
  if (major === '*') return minor === '*' ? `${kind}-*` : undefined;
  if (minor !== '*') return `/dev/${kind}/${major}:${minor}`;
  const name = names.get(`${type} ${major}`);
  return name === undefined ? undefined : `${kind}-${name}`;
}
