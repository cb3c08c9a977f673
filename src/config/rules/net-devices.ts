// Network devices that move into the container.
import {escapeKey} from '../tidy.ts';
import {eachDuplicate, namespaceOf, type Rule} from './rule.ts';

const AT = '/linux/netDevices';
/** linux/if.h, with the NUL. */
const IFNAMSIZ = 16;

const namespace: Rule = {
  reads: ['/linux/namespaces', AT],
  check(config, report) {
    if (Object.keys(config.linux?.netDevices ?? {}).length === 0 || namespaceOf(config, 'network') !== 'none') return;
    report.problem(AT, 'needs a "network" namespace in /linux/namespaces');
  },
};

const names: Rule = {
  reads: [AT],
  check({linux}, report) {
    for (const [name, {name: wanted}] of Object.entries(linux?.netDevices ?? {})) {
      const pointer = `${AT}/${escapeKey(name)}`;
      const wrong = wrongName(name, name);
      if (wrong !== undefined) report.problem(pointer, `"${name}" ${wrong}`);
      if (wanted === undefined) continue;
      const wrongToo = wrongName(wanted, wanted.replace('%d', '0'));
      if (wrongToo !== undefined) report.problem(`${pointer}/name`, `"${wanted}" ${wrongToo}`);
    }
  },
};

/** dev_valid_name() of the kernel; `filled` is the name with its `%d` replaced. */
function wrongName(name: string, filled: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is no name of a network device';
  if (Buffer.byteLength(name) >= IFNAMSIZ) return `is too long for a network device: at most ${IFNAMSIZ - 1} bytes`;
  if (/[/:\s]/.test(name)) return 'is no name of a network device: it has a slash, a colon or a space';
  if (filled.includes('%')) return 'is no name of a network device: of % it may have one %d, in the name it gets';
  return undefined;
}

/** Each %d becomes a number of its own. */
const duplicates: Rule = {
  reads: [AT],
  check({linux}, report) {
    const targets = Object.entries(linux?.netDevices ?? {}).map(([name, device]) => ({
      name,
      target: device.name ?? name,
    }));
    eachDuplicate(
      targets.filter(({target}) => !target.includes('%d')),
      ({target}) => target,
      ({name, target}, _, first) => {
        const other = targets.filter((candidate) => !candidate.target.includes('%d'))[first]?.name ?? '';
        const message = `"${target}" is also what ${AT}/${escapeKey(other)} becomes`;
        report.problem(`${AT}/${escapeKey(name)}`, message);
      },
    );
  },
};

export const netDeviceRules: readonly Rule[] = [namespace, names, duplicates];
