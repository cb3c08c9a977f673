// Device rules in force on cgroup v2: the program is loaded and attached, and takes the place of what was there.
import {closeSync} from 'node:fs';
import {ConfigError, errnoText, hasCode, isSyscallError} from '../../errors.ts';
import type {Native} from '../../native.ts';
import {openDirectory} from '../control.ts';
import type {DeviceRule} from '../device-rules.ts';
import {deviceProgram} from '../devices-program.ts';

export type DeviceNative = Pick<Native, 'bpfLoadDevice' | 'bpfAttachDevice' | 'bpfDetachDevice' | 'bpfQueryDevice'>;

/** Replaces all device programs of `directory` (there are none, or runts's own, or the last runtime's). There is no
 * moment without a program: one old program is replaced in place, several are detached after the new one is attached. */
export function applyDeviceProgram(directory: string, rules: readonly DeviceRule[], native: DeviceNative): void {
  const program = deviceProgram(rules);
  const cgroup = openDirectory(directory);
  const opened: number[] = [cgroup];
  try {
    const old = native.bpfQueryDevice(cgroup);
    opened.push(...old);
    if (program !== undefined) {
      const loaded = native.bpfLoadDevice(program);
      opened.push(loaded);
      const [only] = old;
      const replace = old.length === 1 && only !== undefined ? only : -1;
      native.bpfAttachDevice(cgroup, loaded, replace);
      if (replace !== -1) return;
    }
    for (const fd of old) native.bpfDetachDevice(cgroup, fd);
  } catch (error) {
    throw refused(error, directory);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function refused(error: unknown, directory: string): unknown {
  if (!isSyscallError(error)) return error;
  const log = error.path ? `: ${error.path.trim()}` : '';
  const hint = hasCode(error, 'EPERM')
    ? ' (device rules on cgroup v2 need CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the host)'
    : hasCode(error, 'EINVAL', 'ENOSYS')
      ? ' (the kernel must have CONFIG_CGROUP_BPF)'
      : '';
  const message = `${error.syscall} of the device program on cgroup ${directory}: ${errnoText(error.errno)}${log}${hint}`;
  return new ConfigError([{pointer: '/linux/resources/devices', message}]);
}
