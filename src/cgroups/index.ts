// Control groups of a container: find (record), make, fill, enter, look into, freeze, kill, remove.
export {applyLimits, applyResources} from './apply.ts';
export {createCgroup, createEntrance, createRest, entranceOf} from './create.ts';
export {howToGetCgroup} from './delegation.ts';
export {entranceFiles, openEntrance} from './entrance.ts';
export {freeze, isFrozen, thaw} from './freezer.ts';
export {killAll} from './kill.ts';
export {type CgroupLayout, readLayout} from './layout.ts';
export {delegateCgroup} from './owner.ts';
export {processes} from './processes.ts';
export {type CgroupRecord, directoriesOf, mainDirectory, resolveCgroup} from './record.ts';
export {awaitEmpty, removeCgroup} from './remove.ts';
export {readStats, type Stats} from './stats.ts';
export {subCgroup} from './sub-cgroup.ts';
