import type {Seccomp} from '../../../src/generated/config.ts';
import type {Logger} from '../../../src/log.ts';

export const quietLog: Logger = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};

/** A profile whose text, and program, depend on `size`. */
export function sizedProfile(size: number): Seccomp {
  const args = [{index: 0, value: BigInt(size), op: 'SCMP_CMP_EQ'}] as const;
  return {defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{names: ['read', 'openat2'], action: 'SCMP_ACT_ALLOW', args}]};
}
