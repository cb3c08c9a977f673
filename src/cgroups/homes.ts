// Where a controller of a container is. A controller is in one hierarchy: on hybrid hosts most are in those of v1, and what
// is left, such as hugetlb, is in that of v2.
import {readControl} from './control.ts';
import {enableControllers} from './controllers.ts';
import type {CgroupRecord} from './record.ts';

export interface Home {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** Finds a controller's cgroup by its name in either version; undefined when this host, or this container, has none. */
export type Homes = (controller: string) => Home | undefined;

export function homesOf({version, paths}: CgroupRecord): Homes {
  const {unified} = paths;
  let beside: readonly string[] | undefined;
  return (controller) => {
    const own = version === 1 ? paths[controller] : undefined;
    if (own !== undefined) return {version: 1, directory: own};
    if (unified === undefined) return undefined;
    // On hybrid hosts nothing is passed down, or looked at, before a limit needs it.
    if (version === 1) beside ??= controllersBeside(unified);
    return beside?.includes(controller) === false ? undefined : {version: 2, directory: unified};
  };
}

/** The controllers of a cgroup in the v2 hierarchy of a hybrid host, and "cgroup", which every one has. */
function controllersBeside(unified: string): readonly string[] {
  enableControllers(unified);
  return ['cgroup', ...(readControl(`${unified}/cgroup.controllers`) ?? '').split(' ')];
}
