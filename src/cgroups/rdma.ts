// linux.resources.rdma -> rdma controller; the same file on cgroup v1 and v2.
import type {Rdma} from '../generated/config.ts';
import type {CgroupWrite} from './write.ts';

export function rdmaWrites(devices: Readonly<Record<string, Rdma>>): CgroupWrite[] {
  return Object.entries(devices).map(([name, {hcaHandles, hcaObjects}]) => {
    const handles = hcaHandles === undefined ? '' : ` hca_handle=${hcaHandles}`;
    const objects = hcaObjects === undefined ? '' : ` hca_object=${hcaObjects}`;
    const pointer = `/linux/resources/rdma/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return {controller: 'rdma', file: 'rdma.max', value: `${name}${handles}${objects}`, pointer};
  });
}
