// linux.resources.network -> net_cls and net_prio controllers of cgroup v1; v2 has neither.
import type {Network} from '../../generated/config.ts';
import type {CgroupWrite} from '../write.ts';

const AT = '/linux/resources/network';

export function networkWrites(network: Network): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  if (network.classID) {
    const value = String(network.classID);
    writes.push({controller: 'net_cls', file: 'net_cls.classid', value, pointer: `${AT}/classID`});
  }
  network.priorities?.forEach(({name, priority}, index) => {
    const pointer = `${AT}/priorities/${index}`;
    writes.push({controller: 'net_prio', file: 'net_prio.ifpriomap', value: `${name} ${priority}`, pointer});
  });
  return writes;
}
