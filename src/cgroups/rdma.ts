// linux.resources.rdma -> rdma controller; the same file on cgroup v1 and v2.
import {escapeKey} from '../config/tidy.ts';
import type {Rdma} from '../generated/config.ts';
import type {CgroupWrite} from './write.ts';

export function rdmaWrites(devices: Readonly<Record<string, Rdma>>): CgroupWrite[] {
  return Object.entries(devices).flatMap(([name, {hcaHandles, hcaObjects}]) => {
    const limits: string[] = [];
    if (hcaHandles !== undefined) limits.push(`hca_handle=${hcaHandles}`);
    if (hcaObjects !== undefined) limits.push(`hca_object=${hcaObjects}`);
    if (limits.length === 0) return [];
    const pointer = `/linux/resources/rdma/${escapeKey(name)}`;
    return [{controller: 'rdma', file: 'rdma.max', value: [name, ...limits].join(' '), pointer}];
  });
}
