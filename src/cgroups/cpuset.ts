// The cpuset controller: linux.resources.cpu.cpus and .mems (the same files on cgroup v1 and v2), and the rule of v1
// that a cpuset starts empty and takes no process until it has been given CPUs and memory nodes.
import {dirname} from 'node:path';
import {hasCode, RuntsError} from '../errors.ts';
import type {Cpu} from '../generated/config.ts';
import {readControl, writeControl} from './control.ts';
import type {CgroupWrite} from './write.ts';

const AT = '/linux/resources/cpu';
const controller = 'cpuset';

export function cpusetWrites(cpu: Cpu): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  if (cpu.cpus) writes.push({controller, file: 'cpuset.cpus', value: cpu.cpus, pointer: `${AT}/cpus`});
  if (cpu.mems) writes.push({controller, file: 'cpuset.mems', value: cpu.mems, pointer: `${AT}/mems`});
  return writes;
}

/** v1 refuses what the cgroup above does not have. v2 takes it, and gives what both have in common, or, if that is nothing,
 * all that the one above has. */
export function cpusetWritesV2(cpu: Cpu): CgroupWrite[] {
  return cpusetWrites(cpu).map((write) => ({...write, readBack: `${write.file}.effective`}));
}

/** v1: gives an empty cpuset what the one above has, which is filled first in the same way. */
export function fillCpuset(directory: string): void {
  fill(directory, 'cpuset.cpus');
  fill(directory, 'cpuset.mems');
}

function fill(directory: string, file: string): string {
  const own = readControl(`${directory}/${file}`);
  // undefined: above the root, or mounted with `noprefix`; then there is nothing to inherit.
  if (own === undefined || own !== '') return own ?? '';
  const inherited = fill(dirname(directory), file);
  if (inherited !== '') give(`${directory}/${file}`, inherited);
  return inherited;
}

function give(path: string, value: string): void {
  try {
    writeControl(path, value);
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    const cure = `whoever owns the cgroup has to give it some: echo ${value} >${path}`;
    throw new RuntsError(
      `${path} is empty, so that no process can be below it, and this user may not write to it: ${cure}`,
    );
  }
}
