import {describe, expect, it} from 'vitest';
import type {MemoryPolicy} from '../../../src/generated/config.ts';
import {stepsNamed, withLinux} from './input.ts';

const stepOf = (memoryPolicy: MemoryPolicy) => stepsNamed(withLinux({memoryPolicy}), 'memoryPolicy')[0];
const mask = (...bytes: number[]): Uint8Array =>
  Uint8Array.from({length: bytes.length}, (_, index) => bytes[index] ?? 0);

describe('memory policy', () => {
  it.each([
    [{mode: 'MPOL_DEFAULT', nodes: ''}, 0, mask(), true],
    [{mode: 'MPOL_LOCAL'}, 4, mask(), true],
    [{mode: 'MPOL_PREFERRED', nodes: '0'}, 1, mask(1, 0, 0, 0, 0, 0, 0, 0), false],
    [{mode: 'MPOL_BIND', nodes: '0-3,7'}, 2, mask(0x8f, 0, 0, 0, 0, 0, 0, 0), true],
    [{mode: 'MPOL_INTERLEAVE', nodes: '63'}, 3, mask(0, 0, 0, 0, 0, 0, 0, 0x80), true],
    [{mode: 'MPOL_PREFERRED_MANY', nodes: '64, 0'}, 5, mask(1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), true],
    [{mode: 'MPOL_WEIGHTED_INTERLEAVE', nodes: '1'}, 6, mask(2, 0, 0, 0, 0, 0, 0, 0), true],
  ] as const)('%o in the numbers of the kernel', (policy, mode, nodes, exact) => {
    expect(stepOf(policy)).toEqual({op: 'memoryPolicy', at: '/linux/memoryPolicy', mode, nodes, exact});
  });

  it.each([
    ['MPOL_F_NUMA_BALANCING', 0x2002, true],
    ['MPOL_F_RELATIVE_NODES', 0x4002, false],
    ['MPOL_F_STATIC_NODES', 0x8002, false],
  ] as const)('%s', (flag, mode, exact) => {
    expect(stepOf({mode: 'MPOL_BIND', nodes: '0', flags: [flag]})).toMatchObject({mode, exact});
  });
});

describe('personality', () => {
  it.each([
    ['LINUX', 0],
    ['LINUX32', 8],
  ] as const)('%s', (domain, persona) => {
    expect(stepsNamed(withLinux({personality: {domain}}), 'personality')).toEqual([
      {op: 'personality', at: '/linux/personality', persona},
    ]);
  });
});
