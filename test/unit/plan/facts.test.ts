import {describe, expect, it} from 'vitest';
import {isKernelAtLeast, parseBoundingSet, parseKernelRelease, readHostFacts} from '../../../src/host/facts.ts';

describe('host facts', () => {
  it('kernel releases', () => {
    expect(parseKernelRelease('6.1.0-18-amd64')).toEqual({major: 6, minor: 1});
    expect(parseKernelRelease('5.10')).toEqual({major: 5, minor: 10});
    expect(() => parseKernelRelease('next')).toThrow('cannot read the kernel\'s version "next"');
  });

  it('kernels compare by number', () => {
    expect(isKernelAtLeast({major: 5, minor: 9}, 5, 10)).toBe(false);
    expect(isKernelAtLeast({major: 5, minor: 10}, 5, 10)).toBe(true);
    expect(isKernelAtLeast({major: 6, minor: 0}, 5, 10)).toBe(true);
    expect(isKernelAtLeast({major: 4, minor: 20}, 5, 10)).toBe(false);
  });

  it('the bounding set', () => {
    expect(parseBoundingSet('CapEff:\t0\nCapBnd:\t000001fffeffffff\nCapAmb:\t0\n')).toBe(0x1fffeffffffn);
    expect(() => parseBoundingSet('')).toThrow('cannot find CapBnd');
  });

  it('are those of this machine, and stay', () => {
    const facts = readHostFacts();
    expect(facts.kernel.major).toBeGreaterThanOrEqual(5);
    expect(facts.boundingSet).toBe(facts.boundingSet);
    for (const fact of [facts.hasKcore, facts.hasApparmor, facts.hasSelinux]) expect(typeof fact).toBe('boolean');
    expect(Object.getOwnPropertyDescriptor(facts, 'kernel')).toHaveProperty('value');
  });
});
