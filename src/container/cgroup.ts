// How a container comes by its cgroup. With cgroupfs it is made, and given its limits, before the first process, which is born
// there, goes on. With systemd it is made around that process, which waits at its `hello` until it is inside and the limits are in force.
import {
  applyResources,
  type CgroupLayout,
  type CgroupRecord,
  createCgroup,
  createEntrance,
  createRest,
  delegateCgroup,
  entranceOf,
  processes,
  removeCgroup,
  resolveCgroup,
} from '../cgroups/index.ts';
import * as systemd from '../cgroups/systemd/index.ts';
import {RuntsError} from '../errors.ts';
import {inFile} from './bundle.ts';
import type {Launch, Placed} from './launch.ts';

/** Of a launch, or a restore, what counts here. */
type Begun = Pick<Launch, 'ctx' | 'bundle' | 'undo'> & {readonly options: Pick<Launch['options'], 'systemdCgroup'>};
type Recorded = Pick<Placed, 'ctx' | 'bundle' | 'undo' | 'record'>;

export interface CgroupDriver {
  /** Where it will be. */
  readonly cgroup: CgroupRecord;
  /** It is on record, and there is no process yet: makes what that is going to be born in. */
  prepare(launch: Recorded): void;
  /** Makes the rest of it, and sets the limits. The process is there, or about to be, and waits. */
  equip(launch: Recorded): void;
  /** The first process waits. */
  enter(launch: Recorded, pid: number): void;
  close(): void;
}

/** Before the cgroup gets into the record: `delete --force` kills what is in it. What makes it looks again. */
export function refuseResidents(cgroup: CgroupRecord): void {
  const residents = processes(cgroup).length;
  if (residents > 0) throw new RuntsError(`container's cgroup is not empty: ${residents} process(es) found`);
}

/** Looks, and makes nothing. Of its own resources the undo stack knows. */
export function chooseDriver(launch: Begun, layout: CgroupLayout, id: string): CgroupDriver {
  return launch.options.systemdCgroup === true ? systemdDriver(launch, layout, id) : cgroupfsDriver(launch, layout, id);
}

function cgroupfsDriver({ctx, bundle}: Begun, layout: CgroupLayout, id: string): CgroupDriver {
  const cgroup = resolveCgroup(layout, bundle.config.linux?.cgroupsPath, id, ctx.rootless);
  let made = entranceOf(cgroup);
  return {
    cgroup,
    prepare({undo}) {
      createEntrance(cgroup);
      undo.push('remove the cgroup', () => removeCgroup(made));
    },
    equip(launch) {
      createRest(cgroup);
      made = cgroup;
      limit(launch);
    },
    enter() {},
    close() {},
  };
}

function systemdDriver({ctx, bundle, undo}: Begun, layout: CgroupLayout, id: string): CgroupDriver {
  const {annotations, linux} = bundle.config;
  const name = systemd.scopeName(linux?.cgroupsPath, id, ctx.rootless);
  const wanted = systemd.annotatedProperties(annotations);
  const manager = systemd.openManager(ctx);
  undo.push('close the connection to systemd', () => manager.close());
  const facts = systemd.readManagerFacts(manager);
  const cgroup = systemd.resolveScope(layout, name, facts, ctx.rootless);
  let begun = false;
  return {
    cgroup,
    prepare() {
      // When it is undone the first process has ended already, for which systemd would wait.
      undo.push('end the unit', () => {
        if (begun) systemd.endUnitAndCgroup(manager, cgroup);
      });
    },
    equip() {},
    enter(launch, pid) {
      const properties = systemd.scopeProperties(id, pid, cgroup, facts.version, wanted, linux?.resources);
      begun = true;
      try {
        systemd.startUnit(manager, name.unit, properties);
      } catch (error) {
        // Then there is no such unit, or it is another one's.
        if (error instanceof systemd.Refusal) begun = false;
        throw error;
      }
      systemd.checkInside(cgroup, pid);
      createCgroup(cgroup, pid);
      limit(launch);
    },
    close: () => manager.close(),
  };
}

function limit({ctx, bundle, record: {cgroup}}: Recorded): void {
  const warnings = applyResources(cgroup, bundle.config.linux?.resources, ctx.native);
  for (const warning of warnings) ctx.log.warn(inFile(bundle, warning));
  delegateCgroup(cgroup, bundle.config);
}
