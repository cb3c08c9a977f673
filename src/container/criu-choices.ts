// What `checkpoint` and `restore` are asked for alike.
import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import {type CgroupMode, type CriuOptions, cgroupModes} from '../criu/messages.ts';

/** CLONE_NEWNET: runts makes no network devices, so criu has none to save, nor to bring back. */
const EMPTY_NETWORK = 0x40000000;

export interface CriuChoices {
  /** Directory of the images; relative to the context's cwd. */
  readonly imagePath: string;
  /** Directory of criu's log; that of the images unless given. */
  readonly workPath?: string;
  readonly tcpEstablished?: boolean;
  readonly extUnixSk?: boolean;
  readonly shellJob?: boolean;
  readonly fileLocks?: boolean;
  readonly lazyPages?: boolean;
  readonly autoDedup?: boolean;
  readonly cgroupMode?: CgroupMode;
}

export const DUMP_LOG = 'dump.log';
export const RESTORE_LOG = 'restore.log';

/** The options of both, as criu has them. */
export function commonOptions(choices: CriuChoices): CriuOptions {
  return {
    logLevel: 4,
    notifyScripts: true,
    orphanPtsMaster: true,
    manageCgroups: true,
    manageCgroupsMode: cgroupModes[choices.cgroupMode ?? 'default'],
    emptyNs: EMPTY_NETWORK,
    tcpEstablished: choices.tcpEstablished === true,
    extUnixSk: choices.extUnixSk === true,
    shellJob: choices.shellJob === true,
    fileLocks: choices.fileLocks === true,
    lazyPages: choices.lazyPages === true,
    autoDedup: choices.autoDedup === true,
  };
}

/** criu needs rights over all of the host. */
export function refuseRootless({rootless}: Pick<Context, 'rootless'>, verb: string): void {
  if (!rootless) return;
  throw new RuntsError(`cannot ${verb} a rootless container: criu needs the rights of the host's root`);
}
