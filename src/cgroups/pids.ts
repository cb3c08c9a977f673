// linux.resources.pids -> pids controller; the same file on cgroup v1 and v2.
import type {Pids} from '../generated/config.ts';
import {orMax} from './bounds.ts';
import type {CgroupWrite} from './write.ts';

export function pidsWrites(pids: Pids): CgroupWrite[] {
  if (pids.limit === undefined) return [];
  // 0 cannot be meant to forbid the first process, nor to unset the limit (absent does): the nearest limit is 1.
  const value = pids.limit === 0n ? '1' : orMax(pids.limit);
  return [{controller: 'pids', file: 'pids.max', value, pointer: '/linux/resources/pids/limit'}];
}
