// Mounts, each for itself; what their options mean is the plan's business.
import {posix} from 'node:path';
import type {Mount} from '../../generated/config.ts';
import {parseMountOptions} from '../../plan/mount-options.ts';
import type {Report, Rule} from './rule.ts';

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

/** mount(2) takes no data with MS_BIND, so that what is meant would be lost in silence. */
const bindData = eachMount((mount, pointer, report) => {
  if (!isBind(mount)) return;
  for (const {index, text} of parseMountOptions(mount.options ?? []).data) {
    if (/^r?idmap(=|$)/.test(text)) continue;
    const message = 'bind mounts cannot have any filesystem-specific options applied';
    report.problem(`${pointer}/options/${index}`, `${message}, got ${JSON.stringify(text)}`);
  }
});

const idMappings = eachMount((mount, pointer, report) => {
  const hasUids = (mount.uidMappings?.length ?? 0) > 0;
  const hasGids = (mount.gidMappings?.length ?? 0) > 0;
  if (hasUids !== hasGids) report.problem(pointer, 'uidMappings and gidMappings must be given both or neither');
});

const copyUp = eachMount((mount, pointer, report) => {
  const index = mount.options?.indexOf('tmpcopyup') ?? -1;
  if (index < 0 || mount.type === 'tmpfs') return;
  report.problem(`${pointer}/options/${index}`, `tmpcopyup is for tmpfs, not for ${mount.type ?? 'a bind mount'}`);
});

export const mountRules: readonly Rule[] = [destination, source, bindData, idMappings, copyUp];
