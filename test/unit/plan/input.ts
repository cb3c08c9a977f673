// What the tests of this folder compile plans from.
import type {Config} from '../../../src/generated/config.ts';
import {compilePlan, type PlanInput} from '../../../src/plan/compile.ts';
import type {OperationName, Step} from '../../../src/plan/operations.ts';

export const v1Layout: PlanInput['layout'] = {
  mode: 'hybrid',
  hierarchies: [
    {controllers: ['cpu', 'cpuacct'], mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownPath: '/'},
    {controllers: ['memory'], mountPoint: '/sys/fs/cgroup/memory', ownPath: '/'},
    {controllers: ['name=systemd'], mountPoint: '/sys/fs/cgroup/systemd', ownPath: '/'},
  ],
  unified: {mountPoint: '/sys/fs/cgroup/unified', ownPath: '/'},
};

export const v1Cgroup: PlanInput['cgroup'] = {
  version: 1,
  paths: {
    cpu: '/sys/fs/cgroup/cpu,cpuacct/web',
    cpuacct: '/sys/fs/cgroup/cpu,cpuacct/web',
    memory: '/sys/fs/cgroup/memory/web',
    'name=systemd': '/sys/fs/cgroup/systemd/web',
    unified: '/sys/fs/cgroup/unified/web',
  },
  ancestors: [],
};

export const v2Layout: PlanInput['layout'] = {
  mode: 'v2',
  hierarchies: [],
  unified: {mountPoint: '/sys/fs/cgroup', ownPath: '/'},
};

const ALL_CAPABILITIES = (1n << 41n) - 1n;

export const minimalConfig: Config = {
  ociVersion: '1.2.0',
  process: {cwd: '/', args: ['true'], env: ['PATH=/bin:/usr/bin']},
  root: {path: 'rootfs'},
  linux: {namespaces: [{type: 'mount'}]},
};

export const minimalInput: PlanInput = {
  config: minimalConfig,
  bundle: '/bundle',
  id: 'web',
  ociVersion: '1.2.0',
  facts: {
    kernel: {major: 6, minor: 1},
    boundingSet: ALL_CAPABILITIES,
    allCapabilities: ALL_CAPABILITIES,
    hasKcore: true,
    hasApparmor: true,
    hasSelinux: true,
  },
  launch: {nofile: {soft: 1024n, hard: 4096n}, inheritedFds: []},
  cgroup: v1Cgroup,
  layout: v1Layout,
  options: {noPivot: false, noNewKeyring: false, preserveFds: 0, gate: {read: 11, report: 12}},
  namespaceFds: new Map(),
};

/** The minimal config with other properties of the top level. */
export function withConfig(changes: Partial<Config>, rest: Partial<PlanInput> = {}): PlanInput {
  return {...minimalInput, ...rest, config: {...minimalConfig, ...changes}};
}

export function withProcess(changes: Partial<Config['process']>, rest: Partial<PlanInput> = {}): PlanInput {
  return withConfig({process: {...minimalConfig.process, ...changes}}, rest);
}

/** Other properties of `linux`; the mount namespace stays. */
export function withLinux(changes: Partial<NonNullable<Config['linux']>>, rest: Partial<PlanInput> = {}): PlanInput {
  return withConfig({linux: {...minimalConfig.linux, ...changes}}, rest);
}

export function stepsOf(input: PlanInput): readonly Step[] {
  return compilePlan(input).steps;
}

/** The steps of some operations, in the order of the plan. */
export function stepsNamed(input: PlanInput, ...names: OperationName[]): Step[] {
  return stepsOf(input).filter(({op}) => names.includes(op));
}

/** The names of a plan's operations. */
export function orderOf(input: PlanInput): OperationName[] {
  return stepsOf(input).map(({op}) => op);
}

const numberBases: Readonly<Record<string, number>> = {mode: 8, mask: 8};
const hexadecimal = /flags|attr|recursive[SC]|propagation|bounding|effective|permitted|inheritable|ambient|^type$/i;

/** False, an empty text or list, no bits. */
const isNothing = (value: unknown): boolean =>
  value === false || value === '' || value === 0n || (Array.isArray(value) && value.length === 0);

/** A plan as lines that can be read and compared, without the operands that say nothing. */
export function printPlan(input: PlanInput): string {
  const {cloneFlags, steps, warnings} = compilePlan(input);
  const lines = steps.map(({op, at, ...operands}) =>
    [
      op.padEnd(15),
      at === '' ? '-' : at,
      ...Object.entries(operands)
        .filter(([, value]) => !isNothing(value))
        .map(([key, value]) => `${key}=${show(key, value)}`),
    ].join(' '),
  );
  return `${[`cloneFlags=${show('flags', cloneFlags)}`, ...warnings.map((text) => `warning ${text}`), ...lines].join('\n')}\n`;
}

function show(key: string, value: unknown): string {
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (Array.isArray(value)) return `[${value.map((item) => show(key, item)).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'number' && typeof value !== 'bigint') return String(value);
  const base = numberBases[key];
  if (base !== undefined) return `0${value.toString(base)}`;
  return hexadecimal.test(key) && value !== 0n && value !== 0 ? `0x${value.toString(16)}` : value.toString();
}
