// linux.resources in force: the writers say what to write, this writes it. What was asked for holds, or it throws.
import {closeSync, constants, openSync, writeSync} from 'node:fs';
import {ConfigError, hasCode} from '../errors.ts';
import type {LinuxResources, Memory} from '../generated/config.ts';
import {readControl, refusal} from './control.ts';
import {deviceRules} from './device-rules.ts';
import type {CgroupRecord} from './record.ts';
import {deviceWrites} from './v1/devices.ts';
import {resourceWritesV1} from './v1/resources.ts';
import {applyDeviceProgram, type DeviceNative} from './v2/devices.ts';
import {resourceWritesV2} from './v2/resources.ts';
import type {CgroupWrite} from './write.ts';

/** Limits a cgroup as config.json says, and to the device rules that every container has. Returns warnings about what
 * has no effect on this host. Throws ConfigError, named after the property, when the kernel refuses. */
export function applyResources(
  record: CgroupRecord,
  resources: LinuxResources | undefined,
  native: DeviceNative,
): readonly string[] {
  const {families, warnings} =
    record.version === 2 ? resourceWritesV2(resources ?? {}) : resourceWritesV1(resources ?? {});
  applyDevices(record, resources, native);
  if (resources?.memory?.checkBeforeUpdate === true) checkUsage(record, resources.memory);
  for (const family of families) applyFamily(record, family);
  return warnings;
}

function applyDevices(record: CgroupRecord, resources: LinuxResources | undefined, native: DeviceNative): void {
  const rules = deviceRules(resources?.devices);
  const {unified} = record.paths;
  const writes = record.version === 1 ? deviceWrites(rules) : [];
  try {
    applyFamily(record, writes);
    if (record.version === 2 && unified !== undefined) applyDeviceProgram(unified, rules, native);
  } catch (error) {
    // Without the host's root nobody may set device rules, and a container can use no device that its user cannot.
    if (!(record.rootless && error instanceof ConfigError)) throw error;
  }
}

function applyFamily(record: CgroupRecord, family: readonly CgroupWrite[]): void {
  const files = new OpenFile();
  const deferred: CgroupWrite[] = [];
  try {
    for (const write of family) {
      if (!perform(record, write, files, write.deferrable === true)) deferred.push(write);
    }
    for (const write of deferred) perform(record, write, files, false);
  } finally {
    files.close();
  }
}

/** False when the write is to be tried again later. */
function perform(record: CgroupRecord, write: CgroupWrite, files: OpenFile, mayDefer: boolean): boolean {
  const directory = directoryFor(record, write);
  if (directory === undefined) return true;
  let {file, value} = write;
  try {
    try {
      files.write(`${directory}/${file}`, value);
    } catch (error) {
      if (write.fallback === undefined || !isMissing(error, `${directory}/${file}`)) throw error;
      ({file, value} = write.fallback);
      files.write(`${directory}/${file}`, value);
    }
  } catch (error) {
    if (mayDefer && hasCode(error, 'EINVAL')) return false;
    if (write.optional && isMissing(error, `${directory}/${file}`)) return true;
    throw refusal(write, file, value, directory, error);
  }
  if (write.verify) verify(write, directory);
  return true;
}

/** Opening a file that is not there for writing gives EACCES or EPERM in some versions of cgroupfs. */
function isMissing(error: unknown, path: string): boolean {
  return hasCode(error, 'ENOENT') || (hasCode(error, 'EACCES', 'EPERM') && readControl(path) === undefined);
}

function directoryFor(record: CgroupRecord, write: CgroupWrite): string | undefined {
  const directory = record.version === 2 ? record.paths.unified : record.paths[write.controller];
  if (directory !== undefined || write.optional) return directory;
  const message = record.rootless
    ? `needs a cgroup, and this user may not make one${record.version === 1 ? ` for "${write.controller}"` : ''}`
    : `the cgroup v1 controller "${write.controller}" is not mounted on this host`;
  throw new ConfigError([{pointer: write.pointer, message}]);
}

function verify({file, value, pointer}: CgroupWrite, directory: string): void {
  const effective = readControl(`${directory}/${file}`);
  if (effective === value) return;
  const message = `write ${value} to ${file} of cgroup ${directory}: the kernel made it ${effective}`;
  throw new ConfigError([{pointer, message}]);
}

/** memory.checkBeforeUpdate: no limit below what is in use, which v2 would enforce by killing; v1 refuses by itself. */
function checkUsage(record: CgroupRecord, {limit = 0n}: Memory): void {
  if (record.version === 1 || limit <= 0n) return;
  const current = BigInt(readControl(`${record.paths.unified}/memory.current`) ?? '0');
  if (current <= limit) return;
  const message = `${limit} is below the ${current} bytes in use, and memory/checkBeforeUpdate is set`;
  throw new ConfigError([{pointer: '/linux/resources/memory/limit', message}]);
}

/** Keeps the last file open: a list of device rules is a dozen writes to one file. */
class OpenFile {
  #path = '';
  #fd = -1;

  write(path: string, value: string): void {
    if (path !== this.#path) {
      this.close();
      this.#fd = openSync(path, constants.O_WRONLY);
      this.#path = path;
    }
    writeSync(this.#fd, value);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
    this.#path = '';
  }
}
