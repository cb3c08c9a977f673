// What this kernel and this process are, as far as a plan depends on it. Each fact is read when it is first asked for:
// most plans need two of them.
import {existsSync, readFileSync} from 'node:fs';
import {release} from 'node:os';
import {hasCode, RuntsError} from '../errors.ts';

export interface HostFacts {
  /** Version of the running kernel. */
  readonly kernel: KernelVersion;
  /** CapBnd of this process: what a container can be given at most. Bit n stands for capability n. */
  readonly boundingSet: bigint;
  /** Every capability of this kernel: what a container in a user namespace of its own can be given at most. */
  readonly allCapabilities: bigint;
  /** Kernels without CONFIG_PROC_KCORE have no /proc/kcore. */
  readonly hasKcore: boolean;
  /** AppArmor is there and on. */
  readonly hasApparmor: boolean;
  /** SELinux is there, on, and has a policy; selinuxfs is where libselinux looks for it. */
  readonly hasSelinux: boolean;
}

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

/** Facts of the host that this process runs on. Their getters throw RuntsError when /proc is not there. */
export function readHostFacts(): HostFacts {
  return {
    get kernel(): KernelVersion {
      return once(this, 'kernel', parseKernelRelease(release()));
    },
    get boundingSet(): bigint {
      return once(this, 'boundingSet', parseBoundingSet(readStatus()));
    },
    get allCapabilities(): bigint {
      return once(this, 'allCapabilities', (2n << BigInt(readLastCapability())) - 1n);
    },
    get hasKcore(): boolean {
      return once(this, 'hasKcore', existsSync('/proc/kcore'));
    },
    get hasApparmor(): boolean {
      return once(this, 'hasApparmor', readIfThere('/sys/module/apparmor/parameters/enabled').startsWith('Y'));
    },
    get hasSelinux(): boolean {
      return once(this, 'hasSelinux', existsSync('/sys/fs/selinux/enforce') && !hasNoPolicy());
    },
  };
}

/** "6.1.0-18-amd64" -> 6.1. */
export function parseKernelRelease(text: string): KernelVersion {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined || minor === undefined) throw new RuntsError(`cannot read the kernel's version "${text}"`);
  return {major: Number(major), minor: Number(minor)};
}

/** The CapBnd line of /proc/PID/status, proc_pid_status(5). */
export function parseBoundingSet(status: string): bigint {
  const [, digits] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (digits === undefined) throw new RuntsError('cannot find CapBnd in /proc/self/status');
  return BigInt(`0x${digits}`);
}

export function isKernelAtLeast(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch (error) {
    throw new RuntsError('cannot read /proc/self/status: is a procfs mounted on /proc?', {cause: error});
  }
}

/** The number of the highest capability, capabilities(7). */
function readLastCapability(): string {
  try {
    return readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8').trim();
  } catch (error) {
    throw new RuntsError('cannot read /proc/sys/kernel/cap_last_cap: is a procfs mounted on /proc?', {cause: error});
  }
}

/** Until a policy is loaded, all that there is has the context "kernel". */
function hasNoPolicy(): boolean {
  return readFileSync('/proc/self/attr/current', 'utf8').startsWith('kernel\0');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

/** Replaces a getter by its value. */
function once<Facts extends object, Key extends keyof Facts>(facts: Facts, key: Key, value: Facts[Key]): Facts[Key] {
  Object.defineProperty(facts, key, {value, enumerable: true});
  return value;
}
