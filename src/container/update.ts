// Other limits for a container that is there: linux.resources, and the class of service of Intel RDT.
import {applyLimits, type CgroupRecord} from '../cgroups/index.ts';
import {withPresent} from '../cgroups/present.ts';
import {updateScope} from '../cgroups/systemd/index.ts';
import type {Context} from '../context.ts';
import {checkResourceRules} from '../config/rules/index.ts';
import {ConfigError, RuntsError} from '../errors.ts';
import type {IntelRdt, LinuxResources} from '../generated/config.ts';
import {withContainer} from '../state/store.ts';
import {changeSchemata} from './intel-rdt.ts';
import {viewLocked} from './status.ts';

export interface Update {
  /** What is absent, or 0 where runc has that for "unset", stays as it is. Device rules always do. */
  readonly resources: LinuxResources;
  readonly intelRdt?: Pick<IntelRdt, 'l3CacheSchema' | 'memBwSchema'>;
}

/** Gives a container that has not stopped other limits. When one is refused, that is thrown, and those that were changed
 * before it are as they were. */
export function update(ctx: Context, id: string, {resources, intelRdt = {}}: Update): void {
  withContainer(ctx, id, () => {
    const {record, status} = viewLocked(ctx, id);
    if (status === 'stopped' || status === 'creating') throw new RuntsError('container not running');
    const {cgroup} = record;
    const limits = completed(cgroup, resources);
    const agree = cgroup.systemd === undefined ? undefined : () => updateScope(ctx.libexec, cgroup, limits);
    const warnings = applyLimits(cgroup, limits, agree);
    for (const warning of warnings) ctx.log.warn(warning);
    if (Object.keys(intelRdt).length > 0) changeSchemata(record.intelRdt, intelRdt);
  });
}

function completed(cgroup: CgroupRecord, {devices: _, ...limits}: LinuxResources): LinuxResources {
  const resources = withPresent(cgroup, limits);
  const {problems} = checkResourceRules(resources);
  if (problems.length > 0) throw new ConfigError(problems);
  return resources;
}
