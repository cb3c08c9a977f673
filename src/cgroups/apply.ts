// linux.resources in force: the writers say what to write, this writes it. What was asked for holds, or it throws.
import {closeSync, constants, existsSync, openSync, writeSync} from 'node:fs';
import {ConfigError, hasCode, isSyscallError} from '../errors.ts';
import type {LinuxResources, Memory} from '../generated/config.ts';
import {nonZero} from './bounds.ts';
import {readControl, writeControl} from './control.ts';
import {deviceRules} from './device-rules.ts';
import {type Home, type Homes, homesOf} from './homes.ts';
import type {CgroupRecord} from './record.ts';
import {clamped, noCgroup, refusal} from './refusal.ts';
import {resourceWrites, type VersionOf} from './resources.ts';
import {deviceWrites} from './v1/devices.ts';
import {fundRealtime} from './v1/realtime.ts';
import {applyDeviceProgram, type DeviceNative} from './v2/devices.ts';
import type {CgroupWrite} from './write.ts';

/** Gives a new cgroup the limits of config.json, and the device rules that every container has. Returns warnings about what
 * has no effect on this host. Throws ConfigError, named after the property, when the kernel refuses. */
export function applyResources(
  record: CgroupRecord,
  resources: LinuxResources | undefined,
  native: DeviceNative,
): readonly string[] {
  const homes = homesOf(record);
  applyDevices({record, homes}, resources, native);
  return resources === undefined ? [] : applyAll({record, homes}, resources);
}

/** Changes limits, but not devices, of a cgroup that is in use. Properties that are absent keep their values, but those that
 * the kernel has in one file, or the specification in one number, go together: memory/swap with limit on v2, cpu/quota with
 * period on v2. Returns and throws as applyResources; after a refusal all is as it was, but for devices that had no limit of
 * their own before. `agree` has someone else write them, too, who may not be as exact: after it they are written again. */
export function applyLimits(record: CgroupRecord, resources: LinuxResources, agree?: () => void): readonly string[] {
  const before: Before[] = [];
  const homes = homesOf(record);
  try {
    const warnings = applyAll({record, homes, before}, resources);
    if (agree !== undefined) {
      agree();
      applyAll({record, homes}, resources);
    }
    return warnings;
  } catch (error) {
    for (const {path, content} of before.toReversed()) putBack(path, content);
    throw error;
  }
}

/** What applyResources and applyLimits write, but for devices. */
export function plannedWrites(record: CgroupRecord, resources: LinuxResources): readonly CgroupWrite[] {
  return resourceWrites(resources, versionsOf(record, homesOf(record))).families.flat();
}

function versionsOf(record: CgroupRecord, homes: Homes): VersionOf {
  return (v1, v2 = v1) => (homes(v1) ?? homes(v2))?.version ?? record.version;
}

interface Place {
  readonly record: CgroupRecord;
  readonly homes: Homes;
  /** Collects what is overwritten. */
  readonly before?: Before[];
}

interface Before {
  readonly path: string;
  readonly content: string;
}

/** Files of limits for each device have a line for each, and want one in each write. */
function putBack(path: string, content: string): void {
  for (const line of content.split('\n')) {
    try {
      writeControl(path, line);
    } catch (error) {
      // The refusal that came before is what is told. A limit that was beyond what is in use by now cannot come back.
      if (!isSyscallError(error)) throw error;
    }
  }
}

function applyAll(place: Place, resources: LinuxResources): readonly string[] {
  const {record, homes} = place;
  const {families, warnings} = resourceWrites(resources, versionsOf(record, homes));
  if (resources.memory?.checkBeforeUpdate === true) checkUsage(homes('memory'), resources.memory);
  if (nonZero(resources.cpu?.realtimeRuntime) !== undefined) fundRealtime(record, resources.cpu ?? {});
  for (const family of families) applyFamily(place, family);
  return warnings;
}

function applyDevices(place: Place, resources: LinuxResources | undefined, native: DeviceNative): void {
  const {version, paths, rootless} = place.record;
  const rules = deviceRules(resources?.devices);
  const writes = version === 1 ? deviceWrites(rules) : [];
  try {
    applyFamily(place, writes);
    if (version === 2 && paths.unified !== undefined) applyDeviceProgram(paths.unified, rules, native);
  } catch (error) {
    // Without the host's root nobody may set device rules, and a container can use no device that its user cannot.
    if (!(rootless && error instanceof ConfigError)) throw error;
  }
}

function applyFamily(place: Place, family: readonly CgroupWrite[]): void {
  const files = new OpenFile();
  const deferred: CgroupWrite[] = [];
  try {
    for (const write of family) {
      if (!perform(place, write, files, write.deferrable === true)) deferred.push(write);
    }
    for (const write of deferred) perform(place, write, files, false);
  } finally {
    files.close();
  }
}

/** False when the write is to be tried again later. */
function perform({record, homes, before}: Place, write: CgroupWrite, files: OpenFile, mayDefer: boolean): boolean {
  const directory = homes(write.controller)?.directory;
  if (directory === undefined) {
    if (write.optional) return true;
    throw noCgroup(write, record);
  }
  let {file, value} = write;
  if (before !== undefined) remember(before, `${directory}/${file}`);
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
  if (write.readBack !== undefined) checkEffect(write, file, value, write.readBack, directory);
  return true;
}

function remember(before: Before[], path: string): void {
  const content = readControl(path);
  if (content !== undefined && content !== '') before.push({path, content});
}

/** Opening a file that is not there for writing gives EACCES or EPERM in some versions of cgroupfs. */
function isMissing(error: unknown, path: string): boolean {
  return hasCode(error, 'ENOENT') || (hasCode(error, 'EACCES', 'EPERM') && !existsSync(path));
}

function checkEffect(write: CgroupWrite, file: string, value: string, readBack: string, directory: string): void {
  const wanted = readBack === file ? value : readControl(`${directory}/${file}`);
  const effective = readControl(`${directory}/${readBack}`) ?? '';
  if (effective !== wanted) throw clamped(write, file, value, effective, directory);
}

/** memory.checkBeforeUpdate: no limit below what is in use, which v2 would enforce by killing; v1 refuses by itself. */
function checkUsage(home: Home | undefined, {limit = 0n, swap = 0n}: Memory): void {
  if (home?.version !== 2) return;
  const usage = (file: string): bigint => BigInt(readControl(`${home.directory}/${file}`) ?? '0');
  const refuse = (key: keyof Memory, wanted: bigint, used: bigint): void => {
    if (wanted <= 0n || used <= wanted) return;
    const message = `${wanted} is below the ${used} bytes in use, and memory/checkBeforeUpdate is set`;
    throw new ConfigError([{pointer: `/linux/resources/memory/${key}`, message}]);
  };
  const current = usage('memory.current');
  refuse('limit', limit, current);
  refuse('swap', swap, current + usage('memory.swap.current'));
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
