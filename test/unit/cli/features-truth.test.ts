// What `features` says is what the code does: each value that the specification knows is listed there, or refused.
import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {features} from '../../../src/cli/features.ts';
import {parseConfig} from '../../../src/config/load.ts';
import {ConfigError} from '../../../src/errors.ts';
import {compilePlan} from '../../../src/plan/compile.ts';
import {parseMountOptions} from '../../../src/plan/mount-options.ts';
import {normaliseSeccomp} from '../../../src/plan/seccomp.ts';
import {namespaces, raw, withValues} from '../config/sample.ts';
import {minimalInput, v1Cgroup, v2Layout} from '../plan/input.ts';

/** On a kernel that knows every seccomp flag. */
const document = features(~0);
const linux = document.linux ?? {};

/** The values of a type of the config's schema. */
function known(file: string, type: string): string[] {
  const schema = JSON.parse(readFileSync(`${import.meta.dirname}/../../../spec-schemas/${file}.json`, 'utf8'));
  return schema.$defs[type].enum;
}

type Values = Readonly<Record<string, unknown>>;

/** Why the sample with these values at JSON pointers is refused, by the checks or by the compiler of plans; '' when not. */
function refusal(values: Values, changes: Partial<typeof minimalInput> = {}): string {
  try {
    const {config} = parseConfig(withValues(values));
    const joined = config.linux?.namespaces?.filter(({path}) => path !== undefined) ?? [];
    const namespaceFds = new Map(joined.map(({type}, index) => [type, 20 + index]));
    const profile = config.linux?.seccomp;
    if (profile !== undefined) normaliseSeccomp(profile);
    compilePlan({...minimalInput, namespaceFds, seccomp: {program: new Uint8Array(8), flags: 0}, ...changes, config});
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

/** `listed` are those of `values` that a config may have. */
function agrees(listed: readonly string[] | undefined, values: readonly string[], of: (value: string) => Values): void {
  expect(values.length).toBeGreaterThan(0);
  const accepted = values.filter((value) => refusal(of(value)) === '');
  expect([...(listed ?? [])].sort()).toEqual(accepted.sort());
  expect(refusal(of('NOPE'))).not.toBe('');
}

const mappings = [{containerID: 0, hostID: 100_000, size: 65_536}];
const mapped = {'/linux/uidMappings': mappings, '/linux/gidMappings': mappings};

const seccomp =
  (rest: (value: string) => object) =>
  (value: string): Values => ({'/linux/seccomp': {defaultAction: 'SCMP_ACT_ALLOW', ...rest(value)}});

describe('features lists exactly what a config may have', () => {
  it('namespaces', () => {
    agrees(linux.namespaces, known('linux', 'NamespaceType'), (type) => ({
      '/linux/namespaces': type === 'mount' ? namespaces() : namespaces(type),
      ...(type === 'user' ? mapped : {}),
    }));
  });

  it('namespaces to join', () => {
    for (const type of linux.namespaces ?? []) {
      const joined = [...namespaces().filter((entry) => entry['type'] !== type), {type, path: '/proc/1/ns/x'}];
      expect(refusal({'/linux/namespaces': joined}), type).toBe('');
    }
  });

  it('capabilities', () => {
    // One that is not known is passed over with a warning.
    const warnings = (name: string) =>
      parseConfig(withValues({'/process/capabilities': {bounding: [name], permitted: [name], effective: [name]}}))
        .warnings;
    const names = known('process', 'Capability');
    expect([...(linux.capabilities ?? [])].sort()).toEqual(names.sort());
    expect(names.filter((name) => warnings(name).length > 0)).toEqual([]);
    expect(warnings('NOPE')).not.toEqual([]);
  });

  it('hooks', () => {
    const schema = JSON.parse(readFileSync(`${import.meta.dirname}/../../../spec-schemas/hooks.json`, 'utf8'));
    expect([...(document.hooks ?? [])].sort()).toEqual(Object.keys(schema.properties).sort());
    for (const kind of document.hooks ?? []) {
      const text = withValues({'/hooks': {[kind]: [{path: '/bin/true'}]}});
      expect(parseConfig(text).warnings, kind).toEqual([]);
    }
    expect(parseConfig(withValues({'/hooks': {nope: []}})).warnings).not.toEqual([]);
  });

  it.each(document.mountOptions ?? [])('the mount option %s', (option) => {
    // What is not an option is data of the filesystem.
    expect(parseMountOptions([option]).data).toEqual([]);
    expect(parseMountOptions([`${option}x`]).data).toHaveLength(1);
    const idmap = /^r?idmap$/.test(option) ? {uidMappings: mappings, gidMappings: mappings} : {};
    const type = option === 'tmpcopyup' ? {type: 'tmpfs'} : {source: '/', options: ['bind', option]};
    expect(refusal({'/mounts': [{destination: '/a', options: [option], ...type, ...idmap}]})).toBe('');
  });

  it.each([
    ['actions of rules', 'actions', 'SeccompAction', (action: string) => ({syscalls: [{names: ['read'], action}]})],
    [
      'operators',
      'operators',
      'SeccompOperator',
      (op: string) => ({
        syscalls: [{names: ['read'], action: 'SCMP_ACT_ERRNO', args: [{index: 0, value: 1, valueTwo: 1, op}]}],
      }),
    ],
    ['architectures', 'archs', 'SeccompArch', (arch: string) => ({architectures: [arch]})],
    ['flags', 'supportedFlags', 'SeccompFlag', (flag: string) => ({flags: [flag]})],
    ['known flags', 'knownFlags', 'SeccompFlag', (flag: string) => ({flags: [flag]})],
  ] as const)('seccomp %s', (_, key, type, rest) => {
    const listener = key === 'actions' ? {listenerPath: '/run/agent'} : {};
    agrees(linux.seccomp?.[key], known('seccomp', type), (value) => {
      const notifies = value === 'SCMP_ACT_NOTIFY' ? listener : {};
      return seccomp((text) => ({...rest(text), ...notifies}))(value);
    });
  });

  it('memory policies', () => {
    agrees(linux.memoryPolicy?.modes, known('linux', 'MemoryPolicyMode'), (mode) => ({
      '/linux/memoryPolicy': {mode, ...(/DEFAULT|LOCAL/.test(mode) ? {} : {nodes: '0'})},
    }));
    agrees(linux.memoryPolicy?.flags, known('linux', 'MemoryPolicyFlag'), (flag) => ({
      '/linux/memoryPolicy': {mode: 'MPOL_BIND', nodes: '0', flags: [flag]},
    }));
  });
});

describe('features says yes to exactly what a config may ask for', () => {
  it.each([
    ['apparmor', linux.apparmor?.enabled, {'/process/apparmorProfile': 'box'}],
    ['selinux', linux.selinux?.enabled, {'/process/selinuxLabel': 'a:b:c:s0', '/linux/mountLabel': 'a:b:c:s0'}],
    ['intelRdt', linux.intelRdt?.enabled, {'/linux/intelRdt': {closID: 'gold', l3CacheSchema: 'L3:0=f'}}],
    ['intelRdt.schemata', linux.intelRdt?.schemata, {'/linux/intelRdt': {schemata: ['L3:0=f', 'MB:0=20']}}],
    ['intelRdt.monitoring', linux.intelRdt?.monitoring, {'/linux/intelRdt': {enableMonitoring: true}}],
    [
      'netDevices',
      linux.netDevices?.enabled,
      {'/linux/namespaces': namespaces('network'), '/linux/netDevices': {eth0: {name: 'net%d'}}},
    ],
    [
      'mountExtensions.idmap',
      linux.mountExtensions?.idmap?.enabled,
      {'/mounts': [{destination: '/a', source: '/', options: ['bind'], uidMappings: mappings, gidMappings: mappings}]},
    ],
    ['cgroup.rdma', linux.cgroup?.rdma, {'/linux/resources/rdma': {mlx5_0: {hcaHandles: 3, hcaObjects: raw('7')}}}],
  ] as [string, boolean | undefined, Values][])('%s', (_, enabled, values) => {
    expect(refusal(values) === '').toBe(enabled === true);
  });

  it('cgroup versions', () => {
    expect(linux.cgroup).toMatchObject({v1: true, v2: true});
    const mount = {'/mounts': [{destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup'}]};
    const unified = {...v1Cgroup, version: 2 as const, paths: {unified: '/sys/fs/cgroup/web'}};
    expect(refusal(mount)).toBe('');
    expect(refusal(mount, {cgroup: unified, layout: v2Layout})).toBe('');
  });
});
