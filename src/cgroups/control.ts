// Reading and writing the control files of cgroups, and telling why the kernel refused.
import {closeSync, constants, openSync, readFileSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {ConfigError, errnoText, hasCode, isSyscallError, RuntsError} from '../errors.ts';
import type {CgroupWrite} from './write.ts';

/** Writes to an existing file, in one write(2), so that the kernel's refusal surfaces. Throws SyscallFacts. */
export function writeControl(path: string, value: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

/** A control file's text without its last newline, or undefined when it, or its cgroup, is not there. */
export function readControl(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    // ENODEV: the cgroup was removed while we held it open; EOPNOTSUPP: not for this type of cgroup.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}

/** A cgroup's directory as an fd, close-on-exec; the caller closes it. Throws RuntsError. */
export function openDirectory(directory: string): number {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw isSyscallError(error) ? new RuntsError(`open cgroup ${directory}: ${errnoText(error.errno)}`) : error;
  }
}

/** Atomics.wait: the thread sleeps, without a timer or an event loop. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A refused write as an error about the config property, with what is likely wrong. */
export function refusal(write: CgroupWrite, file: string, value: string, directory: string, error: unknown): unknown {
  if (!isSyscallError(error)) return error;
  const hint = hintFor(write.controller, file, directory, error.code);
  const message = `write ${value} to ${file} of cgroup ${directory}: ${errnoText(error.errno)}${hint ? `: ${hint}` : ''}`;
  return new ConfigError([{pointer: write.pointer, message}]);
}

function hintFor(controller: string, file: string, directory: string, code: string): string | undefined {
  // A file that is not there: opening it for writing in a cgroup gives any of these.
  const missing = ['ENOENT', 'EACCES', 'EPERM'].includes(code) && readControl(`${directory}/${file}`) === undefined;
  if (missing) return missingController(controller, directory) ?? missingFile(file);
  if (file.startsWith('memory.') && (code === 'EBUSY' || code === 'EINVAL')) return memoryHint(file, directory);
  if (file.startsWith('cpuset.')) return cpusetHint(file, directory);
  if (file === 'devices.allow' && code === 'EPERM') {
    return `the cgroup above has no such right: ${listed(readControl(`${dirname(directory)}/devices.list`))}`;
  }
  if (code === 'ENODEV') return 'there is no such block device, or its I/O scheduler has no such control';
  if (file.startsWith('cpu.rt_') && code === 'EINVAL')
    return 'more than the cgroup above has left in cpu.rt_runtime_us';
  if (/^cpu\.(cfs|max)/.test(file) && code === 'EINVAL') {
    return 'periods are 1000 to 1000000 us, quotas at least 1000 us and within that of the cgroup above';
  }
  return ['EACCES', 'EPERM', 'EROFS'].includes(code) ? 'this user may not change the cgroup' : undefined;
}

/** On v2: why the controller is not there, which is decided somewhere on the way from the root. */
function missingController(controller: string, directory: string): string | undefined {
  const has = (text: string | undefined): boolean => text?.split(' ').includes(controller) ?? false;
  const own = readControl(`${directory}/cgroup.controllers`);
  if (own === undefined || has(own) || controller === 'cgroup') return undefined;
  let above = dirname(directory);
  for (; ; above = dirname(above)) {
    const offered = readControl(`${above}/cgroup.controllers`);
    if (offered === undefined)
      return `this host offers no controller "${controller}" on cgroup v2 (see cgroup.controllers at its root)`;
    if (has(offered)) break;
  }
  const residents =
    readControl(`${above}/cgroup.procs`)
      ?.split('\n')
      .filter((line) => line !== '').length ?? 0;
  const isRoot = readControl(`${above}/cgroup.type`) === undefined;
  const why =
    residents > 0 && !isRoot
      ? `, because ${residents} process(es) are in ${above} itself (cgroup v2 wants processes in leaves only)`
      : '';
  return `controller "${controller}" is not enabled in ${above}/cgroup.subtree_control${why}`;
}

function missingFile(file: string): string {
  if (/memsw|swap/.test(file)) return 'the kernel does not account for swap (boot with swapaccount=1)';
  if (/weight/.test(file)) return 'no I/O scheduler with weights (bfq) or cost model is in this kernel';
  if (/^hugetlb/.test(file)) return 'this machine has no huge pages of that size';
  return 'this kernel has no such control';
}

function memoryHint(file: string, directory: string): string | undefined {
  const usage = readControl(`${directory}/memory.usage_in_bytes`) ?? readControl(`${directory}/memory.current`);
  if (file === 'memory.memsw.limit_in_bytes') {
    const limit = readControl(`${directory}/memory.limit_in_bytes`);
    return `it is memory+swap, and cannot be below the memory limit (${limit}) or what is in use (${usage})`;
  }
  return usage === undefined ? undefined : `in use are ${usage} bytes`;
}

function cpusetHint(file: string, directory: string): string {
  const above = dirname(directory);
  const offered = readControl(`${above}/${file}.effective`) ?? readControl(`${above}/${file}`);
  return `the cgroup above has ${file} ${listed(offered)}`;
}

function listed(text: string | undefined): string {
  return text === undefined || text === '' ? 'none' : text.replaceAll('\n', ', ');
}
