import {describe, expect, it} from 'vitest';
import {type DeviceRule, deviceRules, MKNOD, READ, WRITE} from '../../../src/cgroups/device-rules.ts';
import {deviceProgram} from '../../../src/cgroups/devices-program.ts';
import {deviceWrites} from '../../../src/cgroups/v1/devices.ts';
import type {DeviceCgroup} from '../../../src/generated/config.ts';
import {type DeviceRequest, decide} from './bpf-interpreter.ts';

/** What the rules mean: each access is decided by the last rule that speaks of it. */
function meant(rules: readonly DeviceRule[], request: DeviceRequest): boolean {
  return [MKNOD, READ, WRITE].every((bit) => {
    if ((request.access & bit) === 0) return true;
    const last = rules.findLast(
      ({type, major, minor, access}) =>
        (type === 'a' || type === request.type) &&
        (major === undefined || major === request.major) &&
        (minor === undefined || minor === request.minor) &&
        (access & bit) !== 0,
    );
    return last?.allow ?? false;
  });
}

/** security/device_cgroup.c: a default with exceptions. */
function kernelV1(writes: readonly {file: string; value: string}[], request: DeviceRequest): boolean {
  let standard = true;
  const exceptions = new Map<string, number>();
  for (const {file, value} of writes) {
    const allow = file === 'devices.allow';
    if (value === 'a') {
      standard = allow;
      exceptions.clear();
      continue;
    }
    const [, node, letters = ''] = /^([bc] \S+) ([rwm]+)$/.exec(value) ?? [];
    if (node === undefined) throw new Error(`the kernel would refuse "${value}"`);
    let access = 0;
    for (const letter of letters) access |= {r: READ, w: WRITE, m: MKNOD}[letter] ?? 0;
    const old = exceptions.get(node) ?? 0;
    exceptions.set(node, allow === standard ? old & ~access : old | access);
  }
  const matching = [...exceptions].filter(([node]) => {
    const [, type, major, minor] = /^(.) (.*):(.*)$/.exec(node) ?? [];
    const fits = (pattern: string | undefined, number: number): boolean =>
      pattern === '*' || pattern === String(number);
    return type === request.type && fits(major, request.major) && fits(minor, request.minor);
  });
  return standard
    ? !matching.some(([, access]) => (access & request.access) !== 0)
    : matching.some(([, access]) => (request.access & ~access) === 0);
}

const NUMBERS = [0, 1, 3, 5, 136, 200, 2 ** 32 - 1];
const REQUESTS: DeviceRequest[] = (['b', 'c'] as const).flatMap((type) =>
  NUMBERS.flatMap((major) =>
    NUMBERS.flatMap((minor) => [1, 2, 3, 4, 5, 6, 7].map((access) => ({type, major, minor, access}))),
  ),
);

const program = (rules: readonly DeviceRule[], request: DeviceRequest): boolean => {
  const bytes = deviceProgram(rules);
  return bytes === undefined || decide(bytes, request);
};
const texts = (devices?: readonly DeviceCgroup[]): string[] =>
  deviceWrites(deviceRules(devices)).map(({file, value}) => `${file} ${value}`);

const DEFAULTS = [
  'devices.allow c *:* m',
  'devices.allow b *:* m',
  'devices.allow c 1:3 rwm',
  'devices.allow c 1:5 rwm',
  'devices.allow c 1:7 rwm',
  'devices.allow c 1:8 rwm',
  'devices.allow c 1:9 rwm',
  'devices.allow c 5:0 rwm',
  'devices.allow c 5:2 rwm',
  'devices.allow c 136:* rwm',
  'devices.allow c 10:200 rwm',
];

/** A small generator, so that a failure repeats (mulberry32). */
function randomRules(seed: number): DeviceRule[] {
  let state = seed;
  const next = (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
  const number = (): number | undefined => (next(2) === 0 ? undefined : NUMBERS[next(NUMBERS.length)]);
  return Array.from({length: next(7)}, () => {
    const type = (['a', 'b', 'c'] as const)[next(3)] ?? 'a';
    return {allow: next(2) === 0, type, major: number(), minor: number(), access: 1 + next(7), pointer: '/x'};
  });
}

describe('device rules', () => {
  it('v1: everything is denied but the defaults, with and without rules that say so', () => {
    const expected = ['devices.deny a', ...DEFAULTS];
    expect(texts()).toEqual(expected);
    expect(texts([])).toEqual(expected);
    expect(texts([{allow: false, access: 'rwm'}])).toEqual(expected);
    expect(texts([{allow: false, type: 'a', major: -1n, minor: -1n, access: 'mrw'}])).toEqual(expected);
  });

  it('v1: a container that may do everything', () => {
    expect(texts([{allow: true, access: 'rwm'}])).toEqual(['devices.allow a']);
    expect(
      texts([
        {allow: true, access: 'rwm'},
        {allow: false, type: 'b', major: 8n, access: 'rw'},
      ]),
    ).toEqual(['devices.allow a', 'devices.deny b 8:* rw']);
  });

  it('v1: rules of the config come before the defaults, merged where they name the same device', () => {
    expect(
      texts([
        {allow: true, type: 'c', major: 1n, minor: 3n, access: 'r'},
        {allow: true, type: 'b', major: 7n, access: 'rm'},
      ]),
    ).toEqual([
      'devices.deny a',
      'devices.allow c 1:3 rwm',
      'devices.allow b 7:* rm',
      ...DEFAULTS.filter((line) => !line.includes('1:3 ')),
    ]);
  });

  it('v1: "a" with numbers or less than all accesses is a rule for each type', () => {
    expect(texts([{allow: true, type: 'a', major: 7n, access: 'r'}]).slice(0, 3)).toEqual([
      'devices.deny a',
      'devices.allow b 7:* r',
      'devices.allow c 7:* r',
    ]);
  });

  it('v1: a hole in a wildcard, which the kernel would ignore, is refused and named', () => {
    const devices: DeviceCgroup[] = [
      {allow: true, type: 'c', access: 'rwm'},
      {allow: false, type: 'c', major: 1n, minor: 3n, access: 'w'},
    ];
    expect(() => deviceWrites(deviceRules(devices))).toThrow(
      'config.json#/linux/resources/devices/1: cgroup v1 cannot hold "c 1:3 w" denied within "c *:* rwm"',
    );
  });

  it('refuses rules that cannot be meant', () => {
    expect(() => deviceRules([{allow: true, type: 'c'}])).toThrow(
      'config.json#/linux/resources/devices/0/access: must be',
    );
    expect(() => deviceRules([{allow: true, type: 'c', major: -2n, access: 'r'}])).toThrow(
      '/0/major: -2 is no device number',
    );
    expect(() => deviceRules([{allow: true, type: 'c', minor: 4294967296n, access: 'r'}])).toThrow('/0/minor');
  });

  it('v2: the defaults', () => {
    const rules = deviceRules();
    const ask = (type: 'b' | 'c', major: number, minor: number, access: number): boolean =>
      program(rules, {type, major, minor, access});
    expect(ask('c', 1, 3, READ | WRITE)).toBe(true);
    expect(ask('c', 1, 3, READ | WRITE | MKNOD)).toBe(true);
    expect(ask('c', 136, 77, READ | WRITE)).toBe(true);
    expect(ask('b', 8, 0, MKNOD)).toBe(true);
    expect(ask('b', 8, 0, READ)).toBe(false);
    expect(ask('b', 8, 0, READ | MKNOD)).toBe(false);
    expect(ask('c', 1, 1, READ)).toBe(false);
    expect(ask('b', 1, 3, READ)).toBe(false);
    expect(ask('b', 8, 0, 0)).toBe(true);
  });

  it('v2: no program when everything is granted', () => {
    expect(deviceProgram(deviceRules([{allow: true, access: 'rwm'}]))).toBeUndefined();
    expect(
      deviceProgram(
        deviceRules([
          {allow: false, access: 'rwm'},
          {allow: true, access: 'rwm'},
        ]),
      ),
    ).toBeUndefined();
    expect(deviceProgram([])).toBeDefined();
  });

  it('v2: a hole in a wildcard', () => {
    const rules = deviceRules([
      {allow: true, type: 'b', access: 'rwm'},
      {allow: false, type: 'b', major: 8n, access: 'w'},
    ]);
    expect(program(rules, {type: 'b', major: 8, minor: 1, access: READ})).toBe(true);
    expect(program(rules, {type: 'b', major: 8, minor: 1, access: READ | WRITE})).toBe(false);
    expect(program(rules, {type: 'b', major: 7, minor: 1, access: READ | WRITE})).toBe(true);
  });

  it('v2: programs decide as the rules mean, for 300 lists', () => {
    for (let seed = 0; seed < 300; seed++) {
      const rules = randomRules(seed);
      for (const request of REQUESTS) {
        if (program(rules, request) !== meant(rules, request)) expect.fail(JSON.stringify({seed, rules, request}));
      }
    }
  });

  it('v1: what the kernel does with the writes is what the rules mean, for one access at a time', () => {
    let accepted = 0;
    for (let seed = 0; seed < 300; seed++) {
      const rules = randomRules(seed);
      let writes: ReturnType<typeof deviceWrites>;
      try {
        writes = deviceWrites(rules);
      } catch {
        continue; // cannot be held by v1
      }
      accepted++;
      for (const request of REQUESTS.filter(({access}) => access === MKNOD || access === READ || access === WRITE)) {
        if (kernelV1(writes, request) !== meant(rules, request)) {
          expect.fail(JSON.stringify({seed, rules, request, writes}));
        }
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });

  it('v1: opening for reading and writing, when one rule grants the one and a wider rule the other', () => {
    const rules = deviceRules([
      {allow: true, type: 'c', major: 4n, minor: 64n, access: 'r'},
      {allow: true, type: 'c', major: 4n, access: 'w'},
    ]);
    expect(kernelV1(deviceWrites(rules), {type: 'c', major: 4, minor: 64, access: READ | WRITE})).toBe(true);
    expect(kernelV1(deviceWrites(rules), {type: 'c', major: 4, minor: 65, access: READ | WRITE})).toBe(false);
  });
});
