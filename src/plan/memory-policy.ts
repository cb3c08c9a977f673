// linux.memoryPolicy, set_mempolicy(2).
import {parseNodes} from '../config/rules/memory-policy.ts';
import type {Config, MemoryPolicyFlag, MemoryPolicyMode} from '../generated/config.ts';
import type {Step} from './operations.ts';

/** linux/mempolicy.h */
const modes: Readonly<Record<MemoryPolicyMode, number>> = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
};

/** linux/mempolicy.h */
const flagBits: Readonly<Record<MemoryPolicyFlag, number>> = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
};

/** For the features document. */
export const memoryPolicyModes = Object.keys(modes) as readonly MemoryPolicyMode[];
export const memoryPolicyFlags = Object.keys(flagBits) as readonly MemoryPolicyFlag[];

/** The kernel counts in longs. */
const LONG_BYTES = 8;

export function memoryPolicySteps({linux}: Pick<Config, 'linux'>): Step[] {
  if (linux?.memoryPolicy === undefined) return [];
  const {mode, nodes = '', flags = []} = linux.memoryPolicy;
  const bits = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
  // Otherwise the kernel maps the nodes, or takes the first one.
  const exact = mode !== 'MPOL_PREFERRED' && !flags.some((flag) => flag !== 'MPOL_F_NUMA_BALANCING');
  const at = '/linux/memoryPolicy';
  return [{op: 'memoryPolicy', at, mode: modes[mode] | bits, nodes: maskOf(parseNodes(nodes) ?? []), exact}];
}

function maskOf(nodes: readonly number[]): Uint8Array {
  const size = nodes.length === 0 ? 0 : (Math.floor(Math.max(...nodes) / 8 / LONG_BYTES) + 1) * LONG_BYTES;
  const mask = new Uint8Array(size);
  for (const node of nodes) mask[node >> 3] = (mask[node >> 3] ?? 0) | (1 << (node & 7));
  return mask;
}
