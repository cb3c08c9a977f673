// linux.resources.hugepageLimits -> hugetlb controller.
import type {HugepageLimit} from '../generated/config.ts';
import type {CgroupWrite} from './write.ts';

const controller = 'hugetlb';

/** Two limits for each page size: on pages in use, and (Linux 5.7) on pages reserved by mmap, which would otherwise be
 * granted first and end in SIGBUS. */
export function hugetlbWrites(limits: readonly HugepageLimit[], version: 1 | 2): CgroupWrite[] {
  const suffix = version === 1 ? 'limit_in_bytes' : 'max';
  return limits.flatMap(({pageSize, limit}, index) => {
    const common = {controller, value: String(limit), pointer: `/linux/resources/hugepageLimits/${index}`};
    return [
      {...common, file: `hugetlb.${pageSize}.${suffix}`},
      {...common, file: `hugetlb.${pageSize}.rsvd.${suffix}`, optional: true},
    ];
  });
}
