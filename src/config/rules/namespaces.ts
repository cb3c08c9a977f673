// Namespaces, and what makes sense only inside them.
import type {IdMapping} from '../../generated/config.ts';
import {toHostId} from '../id-mappings.ts';
import {eachDuplicate, namespaceOf, type Report, type Rule} from './rule.ts';

/** user_namespaces(7): since Linux 4.15. */
const MAX_MAPPINGS = 340;
const ID_COUNT = 2 ** 32;

const duplicates: Rule = {
  reads: ['/linux/namespaces'],
  check({linux}, report) {
    eachDuplicate(
      linux?.namespaces ?? [],
      ({type}) => type,
      ({type}, index, first) => {
        report.problem(
          `/linux/namespaces/${index}`,
          `duplicated ns "${type}": /linux/namespaces/${first} has it already`,
        );
      },
    );
  },
};

const mountNamespace: Rule = {
  reads: ['/linux/namespaces'],
  check(config, report) {
    if (namespaceOf(config, 'mount') !== 'none') return;
    const message = 'without a "mount" namespace the host gets the container\'s mounts';
    if (namespaceOf(config, 'user') === 'none') report.warning('/linux/namespaces', `${message}, until it is deleted`);
    else report.problem('/linux/namespaces', `${message}, which nobody in a user namespace may make`);
  },
};

const userNamespace: Rule = {
  reads: ['/linux/namespaces', '/linux/uidMappings', '/linux/gidMappings'],
  check(config, report) {
    const kind = namespaceOf(config, 'user');
    for (const key of ['uidMappings', 'gidMappings'] as const) {
      const count = config.linux?.[key]?.length ?? 0;
      if (kind === 'none' && count > 0)
        report.problem(`/linux/${key}`, 'needs a "user" namespace in /linux/namespaces');
      if (kind === 'new' && count === 0) report.problem('/linux', `missing "${key}": a new user namespace needs them`);
    }
  },
};

/** Who is not mapped cannot be. A joined user namespace need not tell its mappings. */
const mappedUser: Rule = {
  reads: ['/process/user', '/linux/namespaces', '/linux/uidMappings', '/linux/gidMappings'],
  check({process: {user}, linux: {uidMappings = [], gidMappings = []} = {}}, report) {
    const checkId = (mappings: readonly IdMapping[], key: string, id: number, at: string): void => {
      if (mappings.length === 0 || toHostId(mappings, id) !== undefined) return;
      report.problem(`/process/user${at}`, `${id} is not mapped by /linux/${key}`);
    };
    checkId(uidMappings, 'uidMappings', user?.uid ?? 0, user?.uid === undefined ? '' : '/uid');
    checkId(gidMappings, 'gidMappings', user?.gid ?? 0, user?.gid === undefined ? '' : '/gid');
    for (const [index, gid] of (user?.additionalGids ?? []).entries()) {
      checkId(gidMappings, 'gidMappings', gid, `/additionalGids/${index}`);
    }
  },
};

const idRanges = (key: 'uidMappings' | 'gidMappings'): Rule => ({
  reads: [`/linux/${key}`],
  check({linux}, report) {
    const mappings = linux?.[key] ?? [];
    const at = `/linux/${key}`;
    if (mappings.length > MAX_MAPPINGS) {
      report.problem(at, `has ${mappings.length} entries; the kernel takes at most ${MAX_MAPPINGS}`);
      return;
    }
    for (const [index, mapping] of mappings.entries()) checkRange(mapping, `${at}/${index}`, report);
    for (const side of ['containerID', 'hostID'] as const) checkOverlaps(mappings, side, at, report);
  },
});

function checkRange({containerID, hostID, size}: IdMapping, pointer: string, report: Report): void {
  if (size === 0) report.problem(`${pointer}/size`, 'must be at least 1, got 0');
  // The last id, 2^32 - 1, stands for "no id".
  if (Math.max(containerID, hostID) + size >= ID_COUNT)
    report.problem(pointer, 'goes beyond the largest id, 4294967294');
}

function checkOverlaps(
  mappings: readonly IdMapping[],
  side: 'containerID' | 'hostID',
  at: string,
  report: Report,
): void {
  const sorted = [...mappings.entries()].sort(([, a], [, b]) => a[side] - b[side]);
  for (const [place, [index, mapping]] of sorted.entries()) {
    const [before, previous] = sorted[place - 1] ?? [];
    if (previous === undefined || previous[side] + previous.size <= mapping[side]) continue;
    report.problem(`${at}/${index}`, `its ${side} range overlaps with that of ${at}/${before}`);
  }
}

const timeOffsets: Rule = {
  reads: ['/linux/namespaces', '/linux/timeOffsets'],
  check(config, report) {
    const offsets = config.linux?.timeOffsets;
    if (offsets === undefined || Object.keys(offsets).length === 0) return;
    const kind = namespaceOf(config, 'time');
    if (kind === 'none') report.problem('/linux/timeOffsets', 'needs a "time" namespace in /linux/namespaces');
    if (kind === 'joined') report.problem('/linux/timeOffsets', 'needs a new "time" namespace, not one joined by path');
  },
};

export const namespaceRules: readonly Rule[] = [
  duplicates,
  mountNamespace,
  userNamespace,
  mappedUser,
  idRanges('uidMappings'),
  idRanges('gidMappings'),
  timeOffsets,
];
