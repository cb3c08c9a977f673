// Mounts, each for itself; what their options mean is the plan's business.
import {posix} from 'node:path';
import type {Mount} from '../../generated/config.ts';
import {parseMountOptions} from '../../plan/mount-options.ts';
import {toHostId} from '../id-mappings.ts';
import {namespaceOf, type Report, type Rule} from './rule.ts';

const eachMount = (check: (mount: Mount, pointer: string, report: Report) => void): Rule => ({
  reads: ['/mounts'],
  check({mounts = []}, report) {
    for (const [index, mount] of mounts.entries()) check(mount, `/mounts/${index}`, report);
  },
});

const isBind = ({type, options = []}: Mount): boolean =>
  type === 'bind' || options.includes('bind') || options.includes('rbind');

const destination = eachMount((mount, pointer, report) => {
  const path = posix.join('/', mount.destination);
  if (path === '/') {
    report.problem(`${pointer}/destination`, 'must not be the root directory: the root filesystem is mounted there');
  } else if (!mount.destination.startsWith('/')) {
    const got = `${JSON.stringify(mount.destination)} is not an absolute path`;
    report.warning(`${pointer}/destination`, `${got}; it is taken from the root: ${JSON.stringify(path)}`);
  }
});

const source = eachMount((mount, pointer, report) => {
  if (mount.options?.includes('remount')) return;
  if (isBind(mount)) {
    if (mount.source === undefined) report.problem(pointer, 'missing "source": what is to be bound');
  } else if (mount.type === undefined) {
    report.problem(pointer, 'missing "type": a filesystem, or "bind" for a directory or file of the host');
  }
});

/** crun's way to give the mappings in the option. */
const CRUN_IDMAP = /^r?idmap=/;

/** A bind mount has no filesystem of its own to give them to. Configs that work with other runtimes have some all the same. */
const bindData = eachMount((mount, pointer, report) => {
  if (!isBind(mount)) return;
  for (const {index, text} of parseMountOptions(mount.options ?? []).data) {
    if (CRUN_IDMAP.test(text)) continue;
    const message = 'bind mounts cannot have any filesystem-specific options applied';
    report.warning(`${pointer}/options/${index}`, `${message}, ignoring ${JSON.stringify(text)}`);
  }
});

const idMappings = eachMount((mount, pointer, report) => {
  const hasUids = (mount.uidMappings?.length ?? 0) > 0;
  const hasGids = (mount.gidMappings?.length ?? 0) > 0;
  if (hasUids !== hasGids) report.problem(pointer, 'uidMappings and gidMappings must be given both or neither');
  const {idmap, data} = parseMountOptions(mount.options ?? []);
  if ((idmap !== undefined || hasUids) && mount.options?.includes('remount'))
    report.problem(pointer, 'a mount that is there already cannot be idmapped: remount cannot change that');
  for (const {index, text} of data) {
    if (!CRUN_IDMAP.test(text)) continue;
    report.problem(`${pointer}/options/${index}`, 'mappings belong in uidMappings and gidMappings of the mount');
  }
});

/** In a new user namespace these filesystems take ids of the container; the others cannot be mounted there. */
const mappedIds: Rule = {
  reads: ['/mounts', '/linux/namespaces', '/linux/uidMappings', '/linux/gidMappings'],
  check(config, report) {
    if (namespaceOf(config, 'user') !== 'new') return;
    const {uidMappings = [], gidMappings = []} = config.linux ?? {};
    for (const [index, {type, options = [], uidMappings: own = []}] of (config.mounts ?? []).entries()) {
      const {idmap, data} = parseMountOptions(options);
      if ((type !== 'tmpfs' && type !== 'devpts') || idmap !== undefined || own.length > 0) continue;
      for (const {index: option, text} of data) {
        const [, kind, digits] = /^([ug])id=(\d+)$/.exec(text) ?? [];
        if (digits === undefined || toHostId(kind === 'u' ? uidMappings : gidMappings, Number(digits)) !== undefined)
          continue;
        const message = `${text} is not mapped by /linux/${kind}idMappings`;
        report.problem(`/mounts/${index}/options/${option}`, message);
      }
    }
  },
};

const links = eachMount((mount, pointer, report) => {
  if (isBind(mount)) return;
  for (const [index, option] of (mount.options ?? []).entries()) {
    if (!['copy-symlink', 'dest-nofollow', 'src-nofollow'].includes(option)) continue;
    report.problem(`${pointer}/options/${index}`, `${option} is for bind mounts`);
  }
});

const copyUp = eachMount((mount, pointer, report) => {
  const index = mount.options?.indexOf('tmpcopyup') ?? -1;
  if (index < 0 || mount.type === 'tmpfs') return;
  report.problem(`${pointer}/options/${index}`, `tmpcopyup is for tmpfs, not for ${mount.type ?? 'a bind mount'}`);
});

export const mountRules: readonly Rule[] = [destination, source, bindData, idMappings, mappedIds, links, copyUp];
