// What is worked out before anything runs: the record that goes to disk, and the plan.
import {fstatSync} from 'node:fs';

import type {CgroupLayout, CgroupRecord} from '../cgroups/index.ts';
import type {Context} from '../context.ts';
import {readHostFacts} from '../host/facts.ts';
import {mountsAt} from '../host/mounts.ts';
import {seccompProgram} from '../host/seccomp-cache.ts';
import {compileMountPlan, compilePlan} from '../plan/compile.ts';
import type {CompiledPlan, PlanInput, PlanOptions} from '../plan/input.ts';
import {type FieldTypes, operations, type Step} from '../plan/operations.ts';
import {mountsOnHost} from '../plan/root.ts';
import {type ContainerRecord, OCI_VERSION, RECORD_VERSION} from '../state/record.ts';
import type {LockedDirectory} from '../state/store.ts';
import {describeStdio} from '../criu/stdio.ts';
import {type Bundle, inFile} from './bundle.ts';
import type {Descriptors} from './descriptors.ts';
import {openNamespaces, sharesPidNamespace} from './namespaces.ts';
import {summarizeStep} from './words.ts';

/** The record of a container that does not have a process yet. */
export function newRecord(
  ctx: Pick<Context, 'now' | 'pid' | 'stdin' | 'stdout' | 'stderr'>,
  {path, config, rootfs}: Bundle,
  directory: LockedDirectory,
  cgroup: CgroupRecord,
  {noNewKeyring = false, stdio}: {readonly noNewKeyring?: boolean; readonly stdio: readonly number[]},
): ContainerRecord {
  return {
    version: RECORD_VERSION,
    ociVersion: OCI_VERSION,
    id: directory.id,
    bundle: path,
    rootfs,
    created: timestamp(ctx.now()),
    // We have just made the directory.
    owner: fstatSync(directory.fd).uid,
    ...(config.annotations === undefined ? {} : {annotations: config.annotations}),
    status: 'creating',
    cgroup,
    ...(mountsOnHost(config) ? {mountsBelow: mountsAt(rootfs)} : {}),
    sharesPidNamespace: sharesPidNamespace(config),
    ...(noNewKeyring ? {noNewKeyring} : {}),
    stdio: describeStdio(stdio, (fd) => folderOf(ctx, fd)),
    afterGate: {index: 0, steps: []},
    hooks: {poststart: config.hooks?.poststart ?? [], poststop: config.hooks?.poststop ?? []},
  };
}

/** Where a descriptor is found: the caller's streams are those of his own process, which need not be this one. */
function folderOf(ctx: Pick<Context, 'pid' | 'stdin' | 'stdout' | 'stderr'>, fd: number): string {
  const isCallers = [ctx.stdin, ctx.stdout, ctx.stderr].includes(fd);
  return `/proc/${(isCallers ? ctx.pid : undefined) ?? 'self'}/fd`;
}

/** RFC3339Nano as Go has it: no trailing zeros, no point without digits after it. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, 'Z');
}

/** Opens what the plan needs and compiles it; its warnings go to the log. */
export function preparePlan(
  ctx: Context,
  bundle: Bundle,
  {cgroup, id}: ContainerRecord,
  layout: CgroupLayout,
  options: PlanOptions,
  descriptors: Descriptors,
): CompiledPlan {
  const namespaceFds = openNamespaces(ctx.native, bundle.config, descriptors);
  const seccomp = bundle.config.linux?.seccomp;
  const plan = compilePlan({
    ...inputOf(ctx, bundle, {cgroup, id}, layout, namespaceFds),
    options,
    ...(seccomp === undefined ? {} : {seccomp: seccompProgram(ctx, seccomp)}),
  });
  for (const warning of plan.warnings) ctx.log.warn(inFile(bundle, warning));
  return plan;
}

/** The plan for the mount points only. */
export function prepareMountPlan(
  ctx: Context,
  bundle: Bundle,
  {cgroup, id}: ContainerRecord,
  layout: CgroupLayout,
  descriptors: Descriptors,
): CompiledPlan {
  const namespaceFds = openNamespaces(ctx.native, bundle.config, descriptors);
  const options = {noPivot: false, noNewKeyring: true, preserveFds: 0};
  return compileMountPlan({...inputOf(ctx, bundle, {cgroup, id}, layout, namespaceFds), options});
}

function inputOf(
  ctx: Context,
  {path, config, rootfs}: Bundle,
  {cgroup, id}: Pick<ContainerRecord, 'cgroup' | 'id'>,
  layout: CgroupLayout,
  namespaceFds: ReadonlyMap<string, number>,
): Omit<PlanInput, 'options' | 'seccomp'> {
  return {
    // The rootfs is the one that was checked.
    config: {...config, root: {...config.root, path: rootfs}},
    bundle: path,
    id,
    ociVersion: OCI_VERSION,
    facts: readHostFacts(),
    launch: ctx.launch,
    cgroup,
    layout,
    namespaceFds,
  };
}

/** What `start` may hear of: everything after `ready`. */
export function stepsAfterReady({steps}: Pick<CompiledPlan, 'steps'>, file: string): ContainerRecord['afterGate'] {
  const index = steps.findLastIndex(({op}) => op === 'ready') + 1;
  return {index, steps: steps.slice(index).map((step) => ({...summarizeStep(step), file}))};
}

/** The fds that the steps of a plan name: runts-init has to inherit them. */
export function descriptorsOf({steps}: Pick<CompiledPlan, 'steps'>): readonly number[] {
  return [...new Set(steps.flatMap(descriptorsOfStep))];
}

function descriptorsOfStep(step: Step): readonly number[] {
  const fields: Readonly<Record<string, keyof FieldTypes>> = operations[step.op];
  const values = Object.keys(fields).filter((field) => fields[field] === 'fd');
  return values
    .map((field) => (step as unknown as Readonly<Record<string, number>>)[field] ?? -1)
    .filter((fd) => fd >= 0);
}
